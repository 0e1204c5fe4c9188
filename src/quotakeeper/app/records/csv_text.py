"""CSV lines that a spreadsheet shows as they are: nothing in a cell runs, hides or turns round.

A text that a spreadsheet would take for a formula (it begins with = + - @, or their full-width
forms, perhaps after spaces) gets an apostrophe in front. Control, bidirectional and other invisible
characters are written out as escapes like \\n or \\u202e. Texts are quoted, numbers are not.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from quotakeeper.value_classes import dataclass

_FORMULA = frozenset("=+-@\u2212")


class Number:
    """A cell that is a number: an int, or decimal text such as "0.000002"."""

    __slots__ = ("text",)

    def __init__(self, value: int | str) -> None:
        self.text = str(value)


@dataclass(frozen=True, slots=True)
class CsvForm:
    """What stands between cells, and in a number before its decimals."""

    separator: str = ","
    decimal_mark: str = "."


PLAIN = CsvForm()
WITH_SEMICOLONS = CsvForm(";", ",")


def csv_line(cells: Iterable[str | Number | None], form: CsvForm = PLAIN) -> str:
    """One line by RFC 4180, with its CRLF; None is an empty cell."""
    return form.separator.join(_cell(cell, form) for cell in cells) + "\r\n"


def visible(text: str) -> str:
    """Text with every unprintable character (control, bidi, surrogate) as a visible escape."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c == "\u3000" else c.encode("unicode_escape").decode("ascii")
        for c in text
    )


def inert(text: str) -> str:
    """Visible text that no spreadsheet takes for a formula."""
    shown = visible(text)
    first = shown.lstrip()[:1]
    if first and unicodedata.normalize("NFKC", first)[:1] in _FORMULA:
        return f"'{shown}"
    return shown


def _cell(cell: str | Number | None, form: CsvForm) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Number):
        return cell.text.replace(".", form.decimal_mark)
    return '"' + inert(cell).replace('"', '""') + '"'
