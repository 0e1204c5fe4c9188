"""Messages with places to fill in, and the language that they are shown in.

An English text is its own key, as on the command line. The pipeline raises and logs `RunMessage`s;
whoever shows one gives the `Wording` of a language. `ENGLISH` needs no table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from quotakeeper.value_classes import dataclass, field


class Wording(Protocol):
    """Gives a text in one language, with its {places} filled in."""

    @property
    def lang(self) -> str:
        """The language: "en" or "vi"."""

    def __call__(self, text: str, **values: object) -> str:
        """The text in this language."""


class _English:
    lang = "en"

    def __call__(self, text: str, **values: object) -> str:
        return text.format(**values) if values else text


ENGLISH: Wording = _English()


@dataclass(frozen=True, slots=True)
class RunMessage:
    """A text and what fills its places; a value may be a message too. `str` gives English."""

    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.told(ENGLISH)

    def told(self, words: Wording) -> str:
        """The whole text in a language."""
        filled = {
            name: value.told(words) if isinstance(value, RunMessage) else value
            for name, value in self.values.items()
        }
        return words(self.text, **filled)

    def redacted(self, redact: Callable[[str], str]) -> RunMessage:
        """The message with every text in its places passed through `redact`."""
        return RunMessage(
            self.text,
            {name: _redacted(value, redact) for name, value in self.values.items()},
        )


def message(text: str, **values: object) -> RunMessage:
    """A message from a text and its values."""
    return RunMessage(text, values)


def _redacted(value: object, redact: Callable[[str], str]) -> object:
    if isinstance(value, RunMessage):
        return value.redacted(redact)
    return redact(value) if isinstance(value, str) else value
