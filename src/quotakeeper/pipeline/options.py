"""Converts command line values and environment variables to the settings of a run."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from quotakeeper.app.media.lengths import find_ffprobe
from quotakeeper.pipeline.api_keys import ApiKey, check_keys_are_set, key_from
from quotakeeper.pipeline.audio_extraction import find_ffmpeg
from quotakeeper.pipeline.command_option import add_option
from quotakeeper.pipeline.errors import SetupError
from quotakeeper.pipeline.file_job import JobSettings
from quotakeeper.pipeline.gemini import GeminiSettings, default_thinking_budget
from quotakeeper.pipeline.http_transport import check_base_url
from quotakeeper.pipeline.option_table import DEEPGRAM_URL, GEMINI_URL, LANG, add_arguments
from quotakeeper.pipeline.speech_to_text import DeepgramSettings
from quotakeeper.pipeline.wording import ENGLISH, Wording
from quotakeeper.value_classes import dataclass, replace

LANGUAGES = ("zh", "vi")
_MOST_TIMEOUT_SECONDS = 86_400
_DEEPGRAM_KEY = ("DEEPGRAM_API_KEY",)
_GEMINI_KEY = ("GOOGLE_API_KEY", "GEMINI_API_KEY")


@dataclass(frozen=True, slots=True)
class TranslateOptions:
    """All settings of a run.

    If `tracking` is False, nothing is written to a ledger and no limit applies. `scope` are labels
    for each call. `export` is a file for the summary, or None.
    """

    inputs: tuple[Path, ...]
    recursive: bool
    job: JobSettings
    attempts: int
    tracking: bool
    wait: bool
    quiet: bool
    export: Path | None
    scope: Mapping[str, str]
    words: Wording = ENGLISH

    @property
    def keys(self) -> tuple[ApiKey, ...]:
        """The API keys of this run."""
        return self.job.deepgram.key, self.job.gemini.key


def read_options(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    program: str = "all_in_one_backup.py",
    words: Wording = ENGLISH,
) -> TranslateOptions:
    """Parse the command line arguments of the script `program`. Help is in the language of `words`.

    For an unknown option, argparse exits with code 2. Raises SetupError for an invalid value.
    """
    parser = argparse.ArgumentParser(prog=program)
    add_arguments(parser, words)
    add_option(parser, LANG, words)
    return replace(options_from(vars(parser.parse_args(arguments)), environ), words=words)


def options_from(given: Mapping[str, Any], environ: Mapping[str, str]) -> TranslateOptions:
    """Return the settings of a run from option values (by name) and environment variables.

    Raises SetupError with exit code 2 for an invalid value or a missing key.
    """
    _check(given)
    check_keys_are_set(environ, _DEEPGRAM_KEY, _GEMINI_KEY)
    ffmpeg = find_ffmpeg(given["ffmpeg"])
    job = JobSettings(
        deepgram=_deepgram(given, environ),
        gemini=_gemini(given, environ),
        languages=tuple(dict.fromkeys(given["language"] or LANGUAGES)),
        ffmpeg=ffmpeg,
        out=given["out"],
        rewrites=not given["no_rewrite"],
        forget=given["force"],
        ffprobe=find_ffprobe(ffmpeg) if ffmpeg else "",
    )
    return TranslateOptions(
        inputs=tuple(given["inputs"]),
        recursive=given["recursive"],
        job=job,
        attempts=given["attempts"],
        tracking=not given["no_tracking"],
        wait=given["wait"],
        quiet=given["quiet"],
        export=given["export"],
        scope=_scope(given["scope"]),
    )


def _check(given: Mapping[str, Any]) -> None:
    budget, out = given["thinking_budget"], given["out"]
    if given["attempts"] < 1 or not 0 < given["timeout"] <= _MOST_TIMEOUT_SECONDS:
        raise SetupError("--attempts and --timeout must be positive", exit_code=2)
    if budget is not None and budget < -1:
        raise SetupError(
            "--thinking-budget: 0 for none, -1 for the model's choice, or a number of tokens",
            exit_code=2,
        )
    if out is not None and out.exists() and not out.is_dir():
        raise SetupError("--out: {folder} is not a folder", exit_code=2, folder=out)


def _deepgram(given: Mapping[str, Any], environ: Mapping[str, str]) -> DeepgramSettings:
    url = given["deepgram_url"] or environ.get("DEEPGRAM_BASE_URL") or DEEPGRAM_URL
    return DeepgramSettings(
        check_base_url(url, "DEEPGRAM_BASE_URL", plain_http=given["plain_http"]),
        key_from(environ, *_DEEPGRAM_KEY),
        given["stt_model"],
        given["timeout"],
    )


def _gemini(given: Mapping[str, Any], environ: Mapping[str, str]) -> GeminiSettings:
    url = given["gemini_url"] or environ.get("GOOGLE_GEMINI_BASE_URL") or GEMINI_URL
    model, budget = given["model"], given["thinking_budget"]
    return GeminiSettings(
        check_base_url(url, "GOOGLE_GEMINI_BASE_URL", plain_http=given["plain_http"]),
        key_from(environ, *_GEMINI_KEY),
        model,
        given["timeout"],
        default_thinking_budget(model) if budget is None else budget,
    )


def _scope(pairs: Sequence[str]) -> dict[str, str]:
    scope = {}
    for pair in pairs:
        label, equals, value = pair.partition("=")
        if not equals or not label:
            raise SetupError(
                "--scope: write LABEL=VALUE, not {given}", exit_code=2, given=repr(pair[:60])
            )
        scope[label] = value
    return scope
