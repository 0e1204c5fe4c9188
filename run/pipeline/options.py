"""The command line of `all_in_one_backup.py`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.gemini import GeminiSettings, default_thinking_budget
from pipeline.job import JobSettings
from pipeline.keys import Key, key_from
from pipeline.problems import SetupProblem
from pipeline.speech import DeepgramSettings
from pipeline.transport import check_base_url
from pipeline.voice import find_ffmpeg

# gemini-2.5-flash closes on 2026-12-01; this is its named successor, at the same price.
GEMINI_MODEL = "gemini-3.5-flash-lite"
# Chinese since 2026-03-31 and Vietnamese since 2025-11-04; nova-2 knows both too.
STT_MODEL = "nova-3"
LANGUAGES = ("zh", "vi")
GEMINI_URL = "https://generativelanguage.googleapis.com"
DEEPGRAM_URL = "https://api.deepgram.com"

_EPILOG = """\
environment:
  DEEPGRAM_API_KEY                   key for speech to text
  GOOGLE_API_KEY or GEMINI_API_KEY   key for translation and rewriting
  DEEPGRAM_BASE_URL, GOOGLE_GEMINI_BASE_URL   other endpoints (a gateway, quotakeeper sandbox)
  QUOTAKEEPER_LEDGER, QUOTAKEEPER_CONFIG      the ledger and the limits

exit codes:
  0 all files done   1 some file failed   2 usage   3 stopped at a limit   78 bad config
  130 interrupted; finished steps are kept, run the same command again to go on
"""


@dataclass(frozen=True, slots=True)
class Options:
    """Everything a run was asked for."""

    inputs: tuple[Path, ...]
    recursive: bool
    job: JobSettings
    attempts: int
    tracking: bool
    wait: bool
    quiet: bool
    export: Path | None
    scope: Mapping[str, str]

    @property
    def keys(self) -> tuple[Key, ...]:
        """The secrets of this run."""
        return self.job.deepgram.key, self.job.gemini.key


def parser() -> argparse.ArgumentParser:
    """The options, with their help."""
    made = argparse.ArgumentParser(
        prog="all_in_one_backup.py",
        description="Chinese (or Vietnamese) video or sound in; Vietnamese subtitles, text, titles "
        "and captions out. Speech to text by Deepgram, translation and rewriting by Gemini, every "
        "call held against your quota. Writes NAME.srt, NAME.txt and NAME.json.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("inputs", nargs="+", type=Path, metavar="FILE|FOLDER", help="media files, or folders")
    add("-o", "--out", type=Path, help="folder for the outputs (default: beside each file)")
    add("-r", "--recursive", action="store_true", help="go into folders of folders")
    add("--wait", action="store_true", help="at a limit, wait until it resets and go on")
    add("--no-tracking", action="store_true", help="switch quota tracking and limits off")
    add("--no-rewrite", action="store_true", help="leave out titles, body, captions")
    add("--force", action="store_true", help="do (and pay for) finished steps again")
    add("--export", type=Path, metavar="FILE", help="write the usage report of this run as JSON")
    add("--scope", action="append", default=[], metavar="LABEL=VALUE", help="label what is booked")
    add("-q", "--quiet", action="store_true", help="no progress, only problems and the summary")
    models = made.add_argument_group("models")
    add = models.add_argument
    add("--model", default=GEMINI_MODEL, help="Gemini model (default: %(default)s)")
    add("--thinking-budget", type=int, metavar="TOKENS", help="0: no thinking (default: by model)")
    add("--stt-model", default=STT_MODEL, help="Deepgram model (default: %(default)s)")
    add("--language", action="append", metavar="CODE", help="languages to try (default: zh, vi)")
    add("--ffmpeg", default="auto", metavar="auto|off|PROGRAM", help="takes the voice out of films")
    network = made.add_argument_group("network")
    add = network.add_argument
    add("--gemini-url", help=f"default: GOOGLE_GEMINI_BASE_URL, else {GEMINI_URL}")
    add("--deepgram-url", help=f"default: DEEPGRAM_BASE_URL, else {DEEPGRAM_URL}")
    add("--plain-http", action="store_true", help="allow http:// to hosts other than this one")
    add("--attempts", type=int, default=4, help="tries per call (default: %(default)s)")
    add("--timeout", type=float, default=600.0, help="seconds per call (default: %(default)s)")
    return made


def read_options(arguments: Sequence[str], environ: Mapping[str, str]) -> Options:
    """Options from the command line and the environment; argparse exits, SetupProblem explains."""
    made = parser()
    given = made.parse_args(arguments)
    if given.attempts < 1 or not 0 < given.timeout <= 86_400:
        made.error("--attempts and --timeout must be positive")
    if given.thinking_budget is not None and given.thinking_budget < -1:
        made.error(
            "--thinking-budget: 0 for none, -1 for the model's choice, or a number of tokens"
        )
    if given.out is not None and given.out.exists() and not given.out.is_dir():
        made.error(f"--out: {given.out} is not a folder")
    job = JobSettings(
        deepgram=_deepgram(given, environ),
        gemini=_gemini(given, environ),
        languages=tuple(dict.fromkeys(given.language or LANGUAGES)),
        ffmpeg=find_ffmpeg(given.ffmpeg),
        out=given.out,
        rewrites=not given.no_rewrite,
        forget=given.force,
    )
    return Options(
        inputs=tuple(given.inputs),
        recursive=given.recursive,
        job=job,
        attempts=given.attempts,
        tracking=not given.no_tracking,
        wait=given.wait,
        quiet=given.quiet,
        export=given.export,
        scope=_scope(given.scope),
    )


def _deepgram(given: argparse.Namespace, environ: Mapping[str, str]) -> DeepgramSettings:
    url = given.deepgram_url or environ.get("DEEPGRAM_BASE_URL") or DEEPGRAM_URL
    return DeepgramSettings(
        check_base_url(url, "DEEPGRAM_BASE_URL", plain_http=given.plain_http),
        key_from(environ, "DEEPGRAM_API_KEY"),
        given.stt_model,
        given.timeout,
    )


def _gemini(given: argparse.Namespace, environ: Mapping[str, str]) -> GeminiSettings:
    url = given.gemini_url or environ.get("GOOGLE_GEMINI_BASE_URL") or GEMINI_URL
    budget = given.thinking_budget
    return GeminiSettings(
        check_base_url(url, "GOOGLE_GEMINI_BASE_URL", plain_http=given.plain_http),
        key_from(environ, "GOOGLE_API_KEY", "GEMINI_API_KEY"),
        given.model,
        given.timeout,
        default_thinking_budget(given.model) if budget is None else budget,
    )


def _scope(pairs: Sequence[str]) -> dict[str, str]:
    scope = {}
    for pair in pairs:
        label, equals, value = pair.partition("=")
        if not equals or not label:
            raise SetupProblem(f"--scope: write LABEL=VALUE, not {pair[:60]!r}", exit_code=2)
        scope[label] = value
    return scope
