"""Writes CSV that is safe to open in a spreadsheet: no cell runs as a formula or hides text.

Text that a spreadsheet would read as a formula gets an apostrophe in front. Such text starts with =
+ - @ or their full-width forms, perhaps after spaces. Control, bidirectional and other invisible
characters become escapes such as \\n or \\u202e. Text cells are quoted; number cells are not.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from quotakeeper.value_classes import dataclass

_FORMULA = frozenset("=+-@\u2212")


class Number:
    """A cell with a number: an int, or decimal text such as "0.000002"."""

    __slots__ = ("text",)

    def __init__(self, value: int | str) -> None:
        self.text = str(value)


@dataclass(frozen=True, slots=True)
class CsvForm:
    """The separator between cells, and the decimal mark of numbers."""

    separator: str = ","
    decimal_mark: str = "."


PLAIN = CsvForm()
WITH_SEMICOLONS = CsvForm(";", ",")


def csv_line(cells: Iterable[str | Number | None], form: CsvForm = PLAIN) -> str:
    """Write one CSV line as RFC 4180 defines it, with CRLF at the end; None is an empty cell."""
    return form.separator.join(_cell(cell, form) for cell in cells) + "\r\n"


def visible(text: str) -> str:
    """Replace every unprintable character (control, bidirectional, surrogate) by a visible escape."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c == "\u3000" else c.encode("unicode_escape").decode("ascii")
        for c in text
    )


def inert(text: str) -> str:
    """Replace unprintable characters, and add an apostrophe if a spreadsheet would read the text as
    a formula."""
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
