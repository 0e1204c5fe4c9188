"""The checkpoint of one media file: its finished steps, in the `.json` file beside its outputs.

The file has both the results and the progress. Each step is written as soon as it is finished, with
a key made of everything that affects the step. If a later run has the same key, it reuses the step
and pays nothing. A step that cannot be read is done again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from quotakeeper.pipeline.atomic_files import read_json, short_stem, write_json
from quotakeeper.pipeline.errors import SetupError
from quotakeeper.pipeline.media import MediaFile
from quotakeeper.pipeline.rewriting import Rewriting, rewriting_from
from quotakeeper.pipeline.speech_to_text import SpeechSegment, Transcript
from quotakeeper.schemas import Schema
from quotakeeper.value_classes import asdict

TOOL = "quotakeeper all_in_one_backup"
_SPEECH = "speech_to_text"


def cannot_keep(path: Path, error: OSError) -> SetupError:
    """Return the SetupError that stops the run because a paid result cannot be written to `path`."""
    return SetupError(
        "{file} cannot be written: {why}; the run stops, because it could not save the next "
        "results that you pay for; free some space there, then run the same command again",
        file=path, why=error.strerror or error,
    )  # fmt: skip


def step_key(*parts: object) -> str:
    """Return a hash of `parts`, which are all values that affect the result of a step."""
    text = json.dumps(parts, ensure_ascii=True, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


class FinishedSteps:
    """The finished steps in a checkpoint file. `found` is the content of the file, or None for no
    steps."""

    def __init__(self, found: Mapping[str, object] | None) -> None:
        steps = found.get("steps") if found and found.get("tool") == TOOL else None
        self._steps: dict[str, dict[str, object]] = {
            name: step
            for name, step in (steps if isinstance(steps, dict) else {}).items()
            if isinstance(step, dict)
        }

    def transcript(self, key: str) -> Transcript | None:
        """Return the transcript that the run used; None if no transcript was saved with this key."""
        return _transcript_from(self._step(_SPEECH, key))

    def recognition(self, language: str, key: str) -> Transcript | None:
        """Return the transcript recognised in `language`, good or poor; None if it was not saved
        with this key."""
        return _transcript_from(self._step(f"{_SPEECH}:{language}", key))

    def _step(self, name: str, key: str) -> dict[str, object]:
        step = self._steps.get(name, {})
        return step if step.get("key") == key else {}


class Checkpoint(FinishedSteps):
    """The finished steps of one media file. `base` is the path of the outputs without a suffix.

    With `forget`, the steps in the file are ignored.
    """

    def __init__(self, media: MediaFile, base: Path, *, forget: bool = False) -> None:
        self.base = base
        self.path = _with_ending(base, ".json")
        super().__init__(None if forget else read_json(self.path))
        self._source = {
            "name": media.path.name,
            "sha256": media.sha256,
            "bytes": media.size_bytes,
        }

    @property
    def srt_path(self) -> Path:
        """The path of the subtitles."""
        return _with_ending(self.base, ".srt")

    @property
    def txt_path(self) -> Path:
        """The path of the text file."""
        return _with_ending(self.base, ".txt")

    def save(self, step: str, key: str, **values: object) -> None:
        """Write a finished step to the checkpoint file. Raises SetupError if it cannot be written."""
        self._steps[step] = {"key": key, **values}
        whole = {"schema": Schema.MEDIA, "tool": TOOL, "source": self._source, "steps": self._steps}
        try:
            write_json(self.path, whole)
        except OSError as error:
            raise cannot_keep(self.path, error) from None

    def save_transcript(self, key: str, model: str, transcript: Transcript) -> None:
        """Write the transcript that the run uses."""
        self.save(_SPEECH, key, model=model, **asdict(transcript))

    def save_recognition(self, key: str, model: str, transcript: Transcript) -> None:
        """Write the transcript of one recognition, so that a later run does not pay for it again."""
        self.save(f"{_SPEECH}:{transcript.language}", key, model=model, **asdict(transcript))

    def lines(self, key: str) -> dict[int, str]:
        """Return the translated lines saved with this key, even if the translation is not complete."""
        lines = self._step("translate", key).get("lines")
        if not isinstance(lines, dict):
            return {}
        return {
            int(number): text
            for number, text in lines.items()
            if number.isdecimal() and isinstance(text, str)
        }

    def save_lines(self, key: str, model: str, lines: Mapping[int, str]) -> None:
        """Write the lines that are translated up to now."""
        ordered = {str(number): lines[number] for number in sorted(lines)}
        self.save("translate", key, model=model, lines=ordered)

    def rewriting(self, key: str) -> Rewriting | None:
        """Return the rewritten text; None if it was not saved with this key."""
        return rewriting_from(self._step("rewrite", key))

    def save_rewriting(self, key: str, model: str, rewriting: Rewriting) -> None:
        """Write the rewritten text."""
        self.save("rewrite", key, model=model, **asdict(rewriting))


def _transcript_from(step: Mapping[str, object]) -> Transcript | None:
    segments = step.get("segments")
    if not isinstance(segments, list | tuple):  # a list if read from the file
        return None
    try:
        read = tuple(
            SpeechSegment(int(s["start_ms"]), int(s["end_ms"]), str(s["text"])) for s in segments
        )
        return Transcript(str(step["language"]), float(str(step["confidence"])), read)
    except (KeyError, TypeError, ValueError):
        return None


def read_finished_steps(path: Path, folder: Path | None) -> tuple[str, FinishedSteps]:
    """Return the SHA-256 and the finished steps of a media file, both read from its checkpoint.

    The media file is not read: only its size is compared. If there is no checkpoint for this size,
    the hash is "" and there are no steps.
    """
    found = read_json(_with_ending(output_base(path, folder), ".json")) or {}
    source = found.get("source")
    try:
        if isinstance(source, dict) and source.get("bytes") == path.stat().st_size:
            return str(source.get("sha256")), FinishedSteps(found)
    except OSError:
        pass
    return "", FinishedSteps(None)


def output_base(media: Path, folder: Path | None) -> Path:
    """Return the path of a media file's outputs, without a suffix. `folder` is the output folder.

    Without `folder`, the outputs are beside the media file. The name gets a number if it would
    overwrite other files: outputs of another media file, or subtitles made by hand.
    """
    parent = folder or media.parent
    stem = short_stem(media.stem)
    number = 1
    while True:
        base = parent / (stem if number == 1 else f"{stem} ({number})")
        owner = _owner(base)
        if owner == media.name or (owner is None and not _any_output(base)):
            return base
        number += 1


def _owner(base: Path) -> str | None:
    """Return the name of the media file whose outputs have the path `base`; None if there is no
    checkpoint."""
    found = read_json(_with_ending(base, ".json"))
    if found is None or found.get("tool") != TOOL:
        return None
    source = found.get("source")
    return str(source.get("name")) if isinstance(source, dict) else None


def _any_output(base: Path) -> bool:
    return any(_with_ending(base, ending).exists() for ending in (".json", ".srt", ".txt"))


def _with_ending(base: Path, ending: str) -> Path:
    return base.with_name(base.name + ending)
