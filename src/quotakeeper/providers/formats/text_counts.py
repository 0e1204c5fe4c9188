"""Counts texts without keeping them: what an answer came to when its usage is missing."""

from __future__ import annotations

from quotakeeper.providers.contract import CountText, TextCount
from quotakeeper.value_classes import dataclass

# Tokens per character, measured over prose of many languages: ASCII 0.24, other scripts 0.2 to 0.7.
_ASCII_PER_TOKEN = 4
_OTHER_PER_TOKEN = 2


@dataclass(slots=True)
class TextTally:
    """Lengths of the texts that passed: ASCII characters, others, and bytes we could not read."""

    ascii: int = 0
    other: int = 0
    unread: int = 0

    def add(self, text: object) -> None:
        """Count a text; what is no text counts for nothing."""
        if not isinstance(text, str) or not text:
            return
        if text.isascii():
            self.ascii += len(text)
        else:
            ascii_only = len(text.encode("ascii", "ignore"))
            self.ascii += ascii_only
            self.other += len(text) - ascii_only

    def copy(self) -> TextTally:
        """It as it is now."""
        return TextTally(self.ascii, self.other, self.unread)

    def since(self, then: TextTally) -> TextTally:
        """What was added after an earlier copy was made."""
        return TextTally(
            self.ascii - then.ascii, self.other - then.other, self.unread - then.unread
        )

    @property
    def characters(self) -> int:
        """Characters seen."""
        return self.ascii + self.other

    @property
    def tokens(self) -> int:
        """About how many tokens that is, rounded up."""
        of_ascii = -(-(self.ascii + self.unread) // _ASCII_PER_TOKEN)
        return of_ascii + -(-self.other // _OTHER_PER_TOKEN)


@dataclass(frozen=True, slots=True)
class RoughCount:
    """A text counted by its characters; no text has more tokens than bytes."""

    tokens: int
    upper_bound: int


def rough_count(text: str) -> RoughCount:
    """Count a text when no better counter was given."""
    tally = TextTally()
    tally.add(text)
    return RoughCount(tally.tokens, len(text.encode("utf-8", "replace")))


def count_text(text: str, count: CountText | None) -> TextCount:
    """Count a text by the counter given; a counter that cannot is no reason to fail."""
    if count is None:
        return rough_count(text)
    try:
        return count(text)
    except ValueError:  # a lone surrogate in somebody's JSON
        return rough_count(text)
