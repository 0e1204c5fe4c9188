"""Where output goes: data to stdout, messages to stderr; nothing printed ever raises."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TextIO

from quotakeeper.value_classes import dataclass

_CODES = {"OK": "32", "WARN": "33", "OVER": "1;31", "dim": "2", "bold": "1"}


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The few drawing characters there are, as the stream can show them."""

    full: str
    empty: str
    marks: dict[str, str]
    dot: str
    ellipsis: str
    spark: str  # from the lowest to the highest


RICH_GLYPHS = Glyphs(
    "█", "░", {"reported": "●", "tokenizer": "◆", "estimated": "◐", "assumed": "○"}, "·", "…",
    "▁▂▃▄▅▆▇█",
)  # fmt: skip
ASCII_GLYPHS = Glyphs(
    "#", ".", {"reported": "*", "tokenizer": "+", "estimated": "~", "assumed": "?"}, "-", "...",
    "_.:-=+*#",
)  # fmt: skip


def make_streams_safe() -> None:
    """What a stream cannot encode is shown as a replacement instead of raising.

    A stream that whoever started this program has closed (`>&-`) is nowhere: Python has None there.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115 - while this runs
            setattr(sys, name, nowhere)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def glyphs_for(stream: TextIO) -> Glyphs:
    """The drawing characters, or their ASCII stand-ins where the stream has no others."""
    try:
        "█░●◆◐○·…▁▂▃▄▅▆▇".encode(stream.encoding or "ascii")
    except (UnicodeError, LookupError):
        return ASCII_GLYPHS
    return RICH_GLYPHS


def width() -> int:
    """Columns to write in: the terminal's; where there is none, enough that little is cut."""
    return max(20, shutil.get_terminal_size((160, 24)).columns)


def paint(text: str, style: str, colour: bool) -> str:
    """Text with a colour, if colour is on; the text must say the same without it."""
    code = _CODES.get(style)
    return f"\x1b[{code}m{text}\x1b[0m" if colour and code else text


def say(text: str) -> None:
    """Print a line of data."""
    print(text, file=sys.stdout)


def tell(text: str) -> None:
    """Print a line of message: progress, hints, warnings, errors."""
    print(text, file=sys.stderr)


def close_quietly() -> None:
    """Flush, or if nobody reads any more, let what is left go nowhere without a complaint."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        drop_stdout()


def drop_stdout() -> None:
    """Send what is still buffered for a closed pipe to nowhere."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):  # a stream without a file below it
        return
    os.close(nowhere)
