"""Counts texts without keeping them, for an estimate if an answer reports no usage."""

from __future__ import annotations

from quotakeeper.providers.contract import CountText, TextCount
from quotakeeper.value_classes import dataclass

# Tokens per character, measured on prose in many languages: ASCII 0.24, other scripts 0.2 to 0.7.
_ASCII_PER_TOKEN = 4
_OTHER_PER_TOKEN = 2


@dataclass(slots=True)
class TextTally:
    """The total length of some texts: ASCII characters, other characters, and unread bytes."""

    ascii: int = 0
    other: int = 0
    unread: int = 0

    def add(self, text: object) -> None:
        """Count a text; another value is ignored."""
        if not isinstance(text, str) or not text:
            return
        if text.isascii():
            self.ascii += len(text)
        else:
            ascii_only = len(text.encode("ascii", "ignore"))
            self.ascii += ascii_only
            self.other += len(text) - ascii_only

    def copy(self) -> TextTally:
        """Return a copy."""
        return TextTally(self.ascii, self.other, self.unread)

    def since(self, then: TextTally) -> TextTally:
        """Return the lengths that were added since `then`, an earlier copy of this tally."""
        return TextTally(
            self.ascii - then.ascii, self.other - then.other, self.unread - then.unread
        )

    @property
    def characters(self) -> int:
        """The number of characters; unread bytes are not included."""
        return self.ascii + self.other

    @property
    def tokens(self) -> int:
        """The estimated number of tokens, rounded up."""
        of_ascii = -(-(self.ascii + self.unread) // _ASCII_PER_TOKEN)
        return of_ascii + -(-self.other // _OTHER_PER_TOKEN)


@dataclass(frozen=True, slots=True)
class RoughCount:
    """The estimated tokens of a text, and its number of bytes as the upper bound."""

    tokens: int
    upper_bound: int


def rough_count(text: str) -> RoughCount:
    """Estimate the tokens of a text from its characters, if there is no tokenizer."""
    tally = TextTally()
    tally.add(text)
    return RoughCount(tally.tokens, len(text.encode("utf-8", "replace")))


def count_text(text: str, count: CountText | None) -> TextCount:
    """Count a text with the function `count`; estimate it if `count` is None or cannot read the
    text.
    """
    if count is None:
        return rough_count(text)
    try:
        return count(text)
    except ValueError:  # a lone surrogate in somebody's JSON
        return rough_count(text)
