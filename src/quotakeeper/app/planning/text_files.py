"""Reads and decodes text files, and counts their tokens."""

from __future__ import annotations

from pathlib import Path

from quotakeeper.app.planning.media_files import unreadable
from quotakeeper.tokens import count_tokens
from quotakeeper.value_classes import dataclass

_TEXTS = "txt srt vtt md json csv html htm xml ass"
TEXTS = frozenset(f".{name}" for name in _TEXTS.split())
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class TextSize:
    """How many tokens a text has. The true number is never more than `upper_bound`."""

    name: str
    tokens: int
    upper_bound: int
    language: str
    provenance: str = "estimated"


def text_size(name: str, text: str) -> TextSize:
    """Count the tokens of `text`: with the local tokenizer if it is installed, else with the
    built-in estimate."""
    found = count_tokens(text)
    return TextSize(name, found.tokens, found.upper_bound, found.language, str(found.provenance))


def read_text(file: str) -> str:
    """Read a file as text. Raises InvalidInputError if the file cannot be read."""
    try:
        return decoded(Path(file).read_bytes())
    except (OSError, ValueError) as error:
        raise unreadable(file, error) from None


def decoded(data: bytes) -> str:
    """Decode bytes as UTF-16 if they start with a UTF-16 byte order mark, else as UTF-8.

    Bytes that cannot be decoded become U+FFFD.
    """
    if data.startswith(_UTF_16_MARKS):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")
