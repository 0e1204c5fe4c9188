"""The options of a translation run, for the script and both command lines.

Imports no other module of the pipeline except `command_option`, so that help is printed quickly.
"""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from quotakeeper.pipeline.command_option import GENERAL, CommandOption, add_option

# gemini-2.5-flash closes on 2026-12-01; Google names this model as its successor, at the same
# price.
GEMINI_MODEL = "gemini-3.5-flash-lite"
# Supports Chinese since 2026-03-31 and Vietnamese since 2025-11-04; nova-2 supports both too.
STT_MODEL = "nova-3"
GEMINI_URL = "https://generativelanguage.googleapis.com"
DEEPGRAM_URL = "https://api.deepgram.com"

SUMMARY = "Translate Chinese video or audio: Vietnamese subtitles, text, titles and captions."
DETAILS = (
    "Deepgram transcribes, Gemini translates and rewrites. Every call is checked against "
    "your limits. Writes NAME.srt, NAME.txt and NAME.json."
)
INPUTS, INPUTS_METAVAR = "inputs", "FILE|FOLDER"
INPUTS_HELP = "Media files, or folders with media files."

MODELS, NETWORK = "Models", "Network"

_FLAG: dict[str, Any] = {"kind": bool, "default": False}
OPTIONS = (
    CommandOption(
        ("-o", "--out"), "Folder for the outputs; default: beside each file.", Path, "FOLDER"
    ),
    CommandOption(("-r", "--recursive"), "Also use files from subfolders.", **_FLAG),
    CommandOption(("--wait",), "At a limit, wait until it resets and continue.", **_FLAG),
    CommandOption(("--no-tracking",), "Turn off tracking and limits.", **_FLAG),
    CommandOption(("--no-rewrite",), "Leave out titles, article and captions.", **_FLAG),
    CommandOption(("--force",), "Repeat finished steps, and pay for them again.", **_FLAG),
    CommandOption(("--export",), "Write the usage report of this run as JSON.", Path, "FILE"),
    CommandOption(
        ("--scope",), "A label for every call; repeatable.", str, "LABEL=VALUE", is_repeatable=True
    ),
    CommandOption(("-q", "--quiet"), "Show only problems and the summary.", **_FLAG),
    CommandOption(("--model",), "The Gemini model.", str, "NAME", GEMINI_MODEL, group=MODELS),
    CommandOption(
        ("--thinking-budget",),
        "Maximum number of tokens for thinking. 0: no thinking; -1: the model decides. "
        "The default depends on the model.",
        int, "TOKENS", group=MODELS,
    ),
    CommandOption(("--stt-model",), "The Deepgram model.", str, "NAME", STT_MODEL, group=MODELS),
    CommandOption(
        ("--language",),
        "A language of the speech to try; repeat the option to try several in order. Default: zh, then vi.",
        str, "CODE", is_repeatable=True, group=MODELS,
    ),
    CommandOption(
        ("--ffmpeg",),
        "How to extract the audio: with ffmpeg if it is installed (auto), not at all (off), "
        "or with this program.",
        str, "auto|off|PROGRAM", "auto", group=MODELS,
    ),
    CommandOption(
        ("--gemini-url",), (
            "Address of Gemini; default: GOOGLE_GEMINI_BASE_URL, else Google's own."
        ),
        str, "URL", group=NETWORK,
    ),
    CommandOption(
        ("--deepgram-url",), (
            "Address of Deepgram; default: DEEPGRAM_BASE_URL, else Deepgram's own."
        ),
        str, "URL", group=NETWORK,
    ),
    CommandOption(
        ("--plain-http",), "Allow http:// to other machines.", group=NETWORK, **_FLAG
    ),
    CommandOption(
        ("--attempts",), "Maximum number of attempts per call.", int, "N", 4, group=NETWORK
    ),
    CommandOption(
        ("--timeout",), "Timeout per attempt, in seconds.", float, "SECONDS", 600.0,
        group=NETWORK,
    ),
)  # fmt: skip

# Only the script has this option here; on the command line, every command has it.
LANG = CommandOption(("--lang",), "Language of messages.", choices=("en", "vi"))

Rows = tuple[tuple[str, str], ...]
ENVIRONMENT: Rows = (
    ("DEEPGRAM_API_KEY", "Key for speech to text."),
    (
        "GOOGLE_API_KEY, GEMINI_API_KEY",
        ("Key for translation and rewriting; the first variable that is set is used."),
    ),
    (
        "DEEPGRAM_BASE_URL, GOOGLE_GEMINI_BASE_URL",
        "Other addresses, such as a gateway or quotakeeper sandbox.",
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
    """Add all options to `parser`, with their help and the sections at the end.

    `words` translates the texts.
    """
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
        add_option(groups[option.group], option, words)


def _section(title: str, rows: Rows, words: Callable[[str], str]) -> str:
    width = max(len(term) for term, _ in rows)
    return "\n".join([f"{title}:", *(f"  {term:{width}}  {words(text)}" for term, text in rows)])
