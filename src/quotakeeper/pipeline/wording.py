"""Messages with {placeholders}, and the language in which they are shown.

The English text is the key of a translation, as on the command line. The pipeline raises and logs
`RunMessage` objects; the code that shows one passes the `Wording` of a language. `ENGLISH` needs no
translation table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from quotakeeper.value_classes import dataclass, field


class Wording(Protocol):
    """Translates a text to one language and fills in its {placeholders}."""

    @property
    def lang(self) -> str:
        """The language, either "en" or "vi"."""

    def __call__(self, text: str, **values: object) -> str:
        """The text in this language."""

    def finished(self, text: str) -> str:
        """A text in this language whose values are already filled in, such as an error's."""


class _English:
    lang = "en"

    def __call__(self, text: str, **values: object) -> str:
        return text.format(**values) if values else text

    def finished(self, text: str) -> str:
        return text


ENGLISH: Wording = _English()
_ERRORS = ("why", "reason", "limit")  # these values may be the texts of errors


@dataclass(frozen=True, slots=True)
class RunMessage:
    """A text and the values of its placeholders; a value may be a RunMessage. `str` returns English."""

    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.told(ENGLISH)

    def told(self, words: Wording) -> str:
        """The whole text in the language of `words`."""
        filled = {name: _told(name, value, words) for name, value in self.values.items()}
        return words(self.text, **filled) if filled else words.finished(self.text)

    def redacted(self, redact: Callable[[str], str]) -> RunMessage:
        """A copy of the message, with every text value passed through `redact`."""
        return RunMessage(
            self.text,
            {name: _redacted(value, redact) for name, value in self.values.items()},
        )


def _told(name: str, value: object, words: Wording) -> object:
    if isinstance(value, RunMessage):
        return value.told(words)
    return words.finished(str(value)) if name in _ERRORS else value


def message(text: str, **values: object) -> RunMessage:
    """Make a RunMessage from a text and its values."""
    return RunMessage(text, values)


def _redacted(value: object, redact: Callable[[str], str]) -> object:
    if isinstance(value, RunMessage):
        return value.redacted(redact)
    return redact(value) if isinstance(value, str) else value
