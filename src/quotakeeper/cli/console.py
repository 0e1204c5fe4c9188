"""Writes data to stdout and messages to stderr. Characters that cannot be encoded raise no error."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TextIO

from quotakeeper.value_classes import dataclass

_CODES = {"OK": "32", "WARN": "33", "OVER": "1;31", "dim": "2", "bold": "1"}


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters for bars and marks. `marks` maps a provenance to its mark."""

    full: str
    empty: str
    marks: dict[str, str]
    dot: str
    ellipsis: str
    spark: str  # from the lowest to the highest bar


RICH_GLYPHS = Glyphs(
    "█", "░", {"reported": "●", "tokenizer": "◆", "estimated": "◐", "assumed": "○"}, "·", "…",
    "▁▂▃▄▅▆▇█",
)  # fmt: skip
ASCII_GLYPHS = Glyphs(
    "#", ".", {"reported": "*", "tokenizer": "+", "estimated": "~", "assumed": "?"}, "-", "...",
    "_.:-=+*#",
)  # fmt: skip


def make_streams_safe() -> None:
    """Make stdout and stderr replace characters that they cannot encode, instead of raising an error.

    If the parent process closed a standard stream (`>&-`), Python sets the stream to None. The null
    device then replaces the stream.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115 - open until exit
            setattr(sys, name, nowhere)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def glyphs_for(stream: TextIO) -> Glyphs:
    """Return the characters for bars and marks; ASCII characters if `stream` cannot encode the others."""
    try:
        "█░●◆◐○·…▁▂▃▄▅▆▇".encode(stream.encoding or "ascii")
    except (UnicodeError, LookupError):
        return ASCII_GLYPHS
    return RICH_GLYPHS


def width() -> int:
    """Return the output width in columns: the terminal's width, or 160 if there is no terminal."""
    return max(20, shutil.get_terminal_size((160, 24)).columns)


def paint(text: str, style: str, colour: bool) -> str:
    """Return the text with the colour of `style`, or unchanged if `colour` is False.

    The text must be understandable without the colour.
    """
    code = _CODES.get(style)
    return f"\x1b[{code}m{text}\x1b[0m" if colour and code else text


def say(text: str) -> None:
    """Print a line of data on stdout."""
    print(text, file=sys.stdout)


def say_at_once(text: str) -> None:
    """Print a line of data on stdout in one write, because other processes write there too."""
    print(text, file=sys.stdout, flush=True)


def tell(text: str) -> None:
    """Print a message on stderr: progress, hints, warnings, errors."""
    print(text, file=sys.stderr)


def close_quietly() -> None:
    """Flush stdout. If the reader has closed the pipe, the remaining data is discarded without an
    error."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        drop_stdout()


def drop_stdout() -> None:
    """Redirect stdout to the null device, so that the remaining data for a closed pipe is discarded."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):  # a stream without a file descriptor
        return
    os.close(nowhere)
