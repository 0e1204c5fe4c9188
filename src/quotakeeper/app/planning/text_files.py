"""Text files: which there are, and how many tokens each is."""

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
    """How many tokens a text is; `upper_bound` holds for every text."""

    name: str
    tokens: int
    upper_bound: int
    language: str
    provenance: str = "estimated"


def text_size(name: str, text: str) -> TextSize:
    """Count a text by the local tokenizer where it is installed, else by the built-in estimate."""
    found = count_tokens(text)
    return TextSize(name, found.tokens, found.upper_bound, found.language, str(found.provenance))


def read_text(file: str) -> str:
    """The text of a file. Raises InvalidInputError for a file that cannot be read."""
    try:
        return decoded(Path(file).read_bytes())
    except (OSError, ValueError) as error:
        raise unreadable(file, error) from None


def decoded(data: bytes) -> str:
    """Bytes as text: UTF-16 by its byte order mark, else UTF-8; what is neither is replaced."""
    if data.startswith(_UTF_16_MARKS):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")
