"""Messages with {placeholders}, and the languages in which they are shown.

The English text is the key of a translation. The pipeline raises and logs `RunMessage` objects. The
code that shows a message passes the `Wording` of a language. `ENGLISH` needs no table of
translations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from quotakeeper.value_classes import dataclass, field


class Wording(Protocol):
    """Translates texts to one language and fills in their {placeholders}."""

    @property
    def lang(self) -> str:
        """The language, either "en" or "vi"."""

    def __call__(self, text: str, **values: object) -> str:
        """Return `text` in this language, with `values` in place of the {placeholders}."""

    def finished(self, text: str) -> str:
        """Return a text in this language. The values in `text` are already filled in, as in the
        text of an error."""


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
    """A text and the values of its placeholders. `str` returns the English text.

    A value may be a RunMessage too.
    """

    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.told(ENGLISH)

    def told(self, words: Wording) -> str:
        """Return the whole text in the language of `words`."""
        filled = {name: _told(name, value, words) for name, value in self.values.items()}
        return words(self.text, **filled) if filled else words.finished(self.text)

    def redacted(self, redact: Callable[[str], str]) -> RunMessage:
        """Return a copy of the message in which `redact` was applied to every text value."""
        return RunMessage(
            self.text,
            {name: _redacted(value, redact) for name, value in self.values.items()},
        )


def _told(name: str, value: object, words: Wording) -> object:
    if isinstance(value, RunMessage):
        return value.told(words)
    return words.finished(str(value)) if name in _ERRORS else value


def message(text: str, **values: object) -> RunMessage:
    """Return a RunMessage with this text and these values."""
    return RunMessage(text, values)


def _redacted(value: object, redact: Callable[[str], str]) -> object:
    if isinstance(value, RunMessage):
        return value.redacted(redact)
    return redact(value) if isinstance(value, str) else value
