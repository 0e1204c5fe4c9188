"""Messages in the chosen language. An English text is its own key; JSON is never translated."""

from __future__ import annotations

from quotakeeper.value_classes import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """Call it with an English text to get that text in `lang`, its {places} filled in."""

    lang: str

    def __call__(self, text: str, **values: object) -> str:
        """The text in this language; a text that has no translation stays English."""
        found = _in_vietnamese(text) if self.lang == "vi" else text
        return found.format(**values) if values else found

    def plural(self, number: int, one: str, many: str, **values: object) -> str:
        """The text for this number of things: `one` for exactly 1, else `many`."""
        return self(one if number == 1 else many, **values)


def _in_vietnamese(text: str) -> str:
    from quotakeeper.cli.text.vietnamese import VIETNAMESE

    return VIETNAMESE.get(text, text)
