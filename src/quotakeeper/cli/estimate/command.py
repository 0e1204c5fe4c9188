"""Runs `quotakeeper estimate`: estimates tokens, minutes and cost of files before they are sent."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from quotakeeper import clocks
from quotakeeper.app.media.folders import SkippedFile
from quotakeeper.app.media.lengths import find_ffprobe
from quotakeeper.app.planning.media_files import AudioSize, audio_size, unreadable
from quotakeeper.app.planning.model_costs import estimate_costs, estimate_record, sizes_in
from quotakeeper.app.planning.text_files import TextSize, decoded, read_text, text_size
from quotakeeper.catalogue import load_snapshot
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.estimate.view import estimate_lines
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import dataclass, replace


@dataclass(frozen=True, slots=True)
class CostOptions:
    """The models to price, and the output format. With `every`, all models with a price are used."""

    models: tuple[str, ...] = ()
    every: bool = False
    as_json: bool = False


def run_text(
    session: context.CommandContext, file: str | None, text: str | None, options: CostOptions
) -> int:
    """Print the estimate for one text, and return the exit code.

    The text is in `text` or in the file `file`; `-` means stdin.
    """
    if (file is None) == (text is None):
        raise InvalidInputError("estimate text", "needs one text", "give a FILE, -, or --text")
    if text is not None:
        size = text_size("--text", text)
    elif file == "-":
        size = text_size(file, decoded(_stdin()))
    else:
        size = text_size(str(file), read_text(str(file)))
    return _print(session, [size], [], options)


def run_audio(
    session: context.CommandContext, files: Sequence[str], options: CostOptions
) -> int:  # fmt: skip
    """Print the estimate for audio files, and return the exit code.

    The lengths are read from the file headers, or with ffprobe.
    """
    ffprobe = find_ffprobe()
    return _print(session, [], [audio_size(Path(file), ffprobe) for file in files], options)


def run_folder(session: context.CommandContext, folder: str, options: CostOptions) -> int:
    """Print the estimate for all text and audio files in a folder and its subfolders. Returns the
    exit code."""
    texts, audio, skipped = sizes_in(folder)
    return _print(session, texts, audio, options, skipped)


def _stdin() -> bytes:
    try:
        return sys.stdin.buffer.read()
    except (OSError, ValueError) as error:
        raise unreadable("-", error) from None


def _print(
    session: context.CommandContext, texts: Sequence[TextSize], audio: Sequence[AudioSize],
    options: CostOptions, skipped: Sequence[SkippedFile] = (),
) -> int:  # fmt: skip
    snapshot = load_snapshot(session.settings().price_files)
    now = clocks.SystemClock().now()
    estimate = estimate_costs(snapshot, now, texts, audio, options.models, every=options.every)
    estimate = replace(estimate, skipped=tuple(skipped))
    if options.as_json:
        console.say(json.dumps(estimate_record(estimate), indent=2))
    else:
        for line in estimate_lines(estimate, session, console.width()):
            console.say(line)
    return exit_codes.OK
