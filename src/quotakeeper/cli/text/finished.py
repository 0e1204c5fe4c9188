"""Translates messages whose values are already filled in, such as the texts of errors.

A text with values cannot be a key of the translations. So each translation has a pattern. `{}` in a
pattern matches a value without "; ", and `{...}` matches any value. In the translation, `{0}` is
the first value. `{1!t}` is the second value, also translated. `{1!v}` writes a number, an amount or
a window in Vietnamese.
"""

from __future__ import annotations

import re
from functools import cache
from string import Formatter

from quotakeeper.cli.text.vietnamese import VIETNAMESE
from quotakeeper.cli.text.vietnamese_errors import FINISHED
from quotakeeper.cli.text.vietnamese_values import value_in_vietnamese

_PLACE = re.compile(r"\{(?:\.\.\.)?\}")
# A quoted value is tried as a whole first, because a name may contain words of the pattern.
_VALUE = {"{}": """('[^']*'|"[^"]*"|(?:(?!; ).)+?)""", "{...}": "(.+?)"}
_BETWEEN = "; "  # separates the parts of a message: the problem, then the fix


class _Filling(Formatter):
    def convert_field(self, value: object, conversion: str | None) -> object:
        if conversion == "t":
            return in_vietnamese(str(value))
        if conversion == "v":
            return value_in_vietnamese(str(value))
        return super().convert_field(value, conversion)


def in_vietnamese(text: str) -> str:
    """Return the Vietnamese text. A message without a translation stays English.

    If no pattern matches the whole message, its parts between "; " are translated separately.
    """
    found = VIETNAMESE.get(text) or FINISHED.get(text)
    if found is not None:
        return found
    for form, translation in _forms():
        match = form.fullmatch(text)
        if match is not None:
            return _Filling().format(translation, *match.groups())
    first, between, rest = text.partition(_BETWEEN)
    return f"{in_vietnamese(first)}{between}{in_vietnamese(rest)}" if between else text


@cache
def _forms() -> list[tuple[re.Pattern[str], str]]:
    """Return the patterns that contain values, and their translations.

    Patterns with more fixed characters come first, so that a specific pattern matches before a
    general one.
    """
    forms = [form for form in FINISHED if _PLACE.search(form)]
    forms.sort(key=lambda form: len(_PLACE.sub("", form)), reverse=True)
    return [(_pattern(form), FINISHED[form]) for form in forms]


def _pattern(form: str) -> re.Pattern[str]:
    parts = _PLACE.split(form)
    values = [*map(_VALUE.__getitem__, _PLACE.findall(form)), ""]
    fixed = map(re.escape, parts)
    return re.compile("".join(map("".join, zip(fixed, values, strict=True))), re.DOTALL)
