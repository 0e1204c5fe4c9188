"""Translates messages. The English text is the key of a translation. JSON output is not translated."""

from __future__ import annotations

from quotakeeper.value_classes import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """A translator to the language `lang`. Call it with an English text to get the translation."""

    lang: str

    def __call__(self, text: str, **values: object) -> str:
        """Return the text in this language, with `values` in place of its {placeholders}.

        A text without a translation stays English.
        """
        found = _in_vietnamese(text) if self.lang == "vi" else text
        return found.format(**values) if values else found

    def finished(self, text: str) -> str:
        """Return a message in this language. The values in `text` are already filled in, as in an
        error's text."""
        return _finished_in_vietnamese(text) if self.lang == "vi" else text

    def value(self, text: str) -> str:
        """Return a number, an amount, a duration or a window in this language."""
        return _value_in_vietnamese(text) if self.lang == "vi" else text

    def plural(self, number: int, one: str, many: str, **values: object) -> str:
        """Return the translation of `one` if `number` is 1, else the translation of `many`."""
        return self(one if number == 1 else many, **values)


def _finished_in_vietnamese(text: str) -> str:
    from quotakeeper.cli.text.finished import in_vietnamese

    return in_vietnamese(text)


def _value_in_vietnamese(text: str) -> str:
    from quotakeeper.cli.text.vietnamese_values import value_in_vietnamese

    return value_in_vietnamese(text)


def _in_vietnamese(text: str) -> str:
    from quotakeeper.cli.text.vietnamese import VIETNAMESE

    return VIETNAMESE.get(text, text)
