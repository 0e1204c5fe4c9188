"""The options of a translation run, written once: the script and both command lines read this table.

Standard library only and imports nothing of the pipeline, so that a command line can show its help
without loading the rest.
"""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# gemini-2.5-flash closes on 2026-12-01; this is its named successor, at the same price.
GEMINI_MODEL = "gemini-3.5-flash-lite"
# Chinese since 2026-03-31 and Vietnamese since 2025-11-04; nova-2 knows both too.
STT_MODEL = "nova-3"
GEMINI_URL = "https://generativelanguage.googleapis.com"
DEEPGRAM_URL = "https://api.deepgram.com"

SUMMARY = "Translate Chinese video or sound: Vietnamese subtitles, text, titles and captions."
DETAILS = (
    "Deepgram transcribes, Gemini translates and rewrites. Every call is held against your limits. "
    "Writes NAME.srt, NAME.txt and NAME.json."
)
INPUTS, INPUTS_METAVAR = "inputs", "FILE|FOLDER"
INPUTS_HELP = "Media files, or folders of them."

GENERAL, MODELS, NETWORK = "Options", "Models", "Network"


@dataclass(frozen=True, slots=True)
class PipelineOption:
    """One option. `kind` bool is a switch without a value; `is_repeatable` gathers all values."""

    flags: tuple[str, ...]
    help: str
    kind: type = str
    metavar: str = ""
    default: Any = None
    is_repeatable: bool = False
    group: str = GENERAL

    @property
    def name(self) -> str:
        """The key of its value: the long flag without dashes."""
        return self.flags[-1].removeprefix("--").replace("-", "_")


_FLAG: dict[str, Any] = {"kind": bool, "default": False}
OPTIONS = (
    PipelineOption(
        ("-o", "--out"), "Folder for the outputs; beside each file if not given.", Path, "FOLDER"
    ),
    PipelineOption(("-r", "--recursive"), "Also take files from folders in folders.", **_FLAG),
    PipelineOption(("--wait",), "At a limit, wait until it resets and continue.", **_FLAG),
    PipelineOption(("--no-tracking",), "Switch tracking and limits off.", **_FLAG),
    PipelineOption(("--no-rewrite",), "Leave out titles, article and captions.", **_FLAG),
    PipelineOption(("--force",), "Repeat finished steps, and pay for them again.", **_FLAG),
    PipelineOption(("--export",), "Write the usage report of this run as JSON.", Path, "FILE"),
    PipelineOption(
        ("--scope",), "A label for every call; repeatable.", str, "LABEL=VALUE", is_repeatable=True
    ),
    PipelineOption(("-q", "--quiet"), "Show problems and the summary only.", **_FLAG),
    PipelineOption(("--model",), "The Gemini model.", str, "NAME", GEMINI_MODEL, group=MODELS),
    PipelineOption(
        ("--thinking-budget",),
        "0 for no thinking, -1 for the model's choice; by model if not given.",
        int, "TOKENS", group=MODELS,
    ),
    PipelineOption(("--stt-model",), "The Deepgram model.", str, "NAME", STT_MODEL, group=MODELS),
    PipelineOption(
        ("--language",),
        "A language to try, in this order; repeatable. zh, then vi if not given.",
        str, "CODE", is_repeatable=True, group=MODELS,
    ),
    PipelineOption(
        ("--ffmpeg",),
        "With what to extract the sound: ffmpeg if there is one, nothing, or this program.",
        str, "auto|off|PROGRAM", "auto", group=MODELS,
    ),
    PipelineOption(
        ("--gemini-url",), "Address of Gemini; GOOGLE_GEMINI_BASE_URL, or Google's own.",
        str, "URL", group=NETWORK,
    ),
    PipelineOption(
        ("--deepgram-url",), "Address of Deepgram; DEEPGRAM_BASE_URL, or Deepgram's own.",
        str, "URL", group=NETWORK,
    ),
    PipelineOption(
        ("--plain-http",), "Allow http:// to other machines.", group=NETWORK, **_FLAG
    ),
    PipelineOption(("--attempts",), "Attempts per call.", int, "N", 4, group=NETWORK),
    PipelineOption(("--timeout",), "Seconds per call.", float, "SECONDS", 600.0, group=NETWORK),
)  # fmt: skip

Rows = tuple[tuple[str, str], ...]
ENVIRONMENT: Rows = (
    ("DEEPGRAM_API_KEY", "Key for speech to text."),
    ("GOOGLE_API_KEY, GEMINI_API_KEY", "Key for translation and rewriting; the first that is set."),
    (
        "DEEPGRAM_BASE_URL, GOOGLE_GEMINI_BASE_URL",
        "Other addresses: a gateway, quotakeeper sandbox.",
    ),
    ("QUOTAKEEPER_LEDGER, QUOTAKEEPER_CONFIG", "The ledger and the limits."),
)
EXIT_CODES: Rows = (
    ("0", "All files are done."),
    ("1", "A file failed, or the run could not continue."),
    ("2", "Wrong usage."),
    ("3", "Stopped at a limit."),
    ("78", "The configuration is not valid."),
    ("130", "Interrupted. Finished steps are kept; run the same command again to continue."),
)
SECTIONS = (("Environment", ENVIRONMENT), ("Exit codes", EXIT_CODES))


def add_arguments(parser: argparse.ArgumentParser, words: Callable[[str], str] = str) -> None:
    """Give `parser` all options, their help and the closing sections, translated by `words`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = f"{words(SUMMARY)}\n\n{textwrap.fill(words(DETAILS), 78)}"
    parser.epilog = "\n\n".join(_section(words(title), rows, words) for title, rows in SECTIONS)
    parser.add_argument(
        INPUTS, nargs="+", type=Path, metavar=INPUTS_METAVAR, help=words(INPUTS_HELP)
    )
    groups: dict[str, Any] = {GENERAL: parser}
    for option in OPTIONS:
        if option.group not in groups:
            groups[option.group] = parser.add_argument_group(words(option.group))
        groups[option.group].add_argument(*option.flags, **_argparse_settings(option, words))


def _argparse_settings(option: PipelineOption, words: Callable[[str], str]) -> dict[str, Any]:
    text = words(option.help)
    if option.kind is bool:
        return {"action": "store_true", "help": text}
    given = {"type": option.kind, "metavar": option.metavar}
    if option.is_repeatable:
        return {**given, "action": "append", "default": [], "help": text}
    if option.default is not None:
        text += " [default: %(default)s]"
    return {**given, "default": option.default, "help": text}


def _section(title: str, rows: Rows, words: Callable[[str], str]) -> str:
    width = max(len(term) for term, _ in rows)
    return "\n".join([f"{title}:", *(f"  {term:{width}}  {words(text)}" for term, text in rows)])
