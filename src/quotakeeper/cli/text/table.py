"""Formats plain text tables. Widths are screen columns, so that Vietnamese and Chinese text is aligned."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from itertools import takewhile

from quotakeeper.app.records.csv_text import visible


def columns_of(text: str) -> int:
    """Return the width of a text in screen columns: combining marks take 0, wide characters 2."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in ("W", "F") else 1
        for c in text
    )


def cut(text: str, columns: int, ellipsis: str = "…") -> str:
    """Return the text, shortened to `columns`. Unprintable characters become escapes.

    A shortened text ends with the ellipsis.
    """
    shown = visible(text)
    if columns_of(shown) <= columns:
        return shown
    room = columns - columns_of(ellipsis)
    kept: list[str] = []
    for character in shown:
        room -= columns_of(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept) + ellipsis if columns >= columns_of(ellipsis) else ""


def names_that_differ(names: Sequence[str], columns: int, ellipsis: str = "…") -> list[str]:
    """Shorten names to `columns`, so that different names stay different.

    The middle of a long name is left out. If two names would then look equal, the beginning that
    they share is left out instead.
    """
    shown = [_cut_middle(name, columns, ellipsis) for name in names]
    alike: dict[str, set[str]] = {}
    for name, text in zip(names, shown, strict=True):
        alike.setdefault(text, set()).add(name)
    for at, (name, text) in enumerate(zip(names, shown, strict=True)):
        if len(alike[text]) > 1:
            same = _same_beginning(alike[text])
            start = max(0, same - max(1, columns // 4))
            shown[at] = cut(ellipsis + visible(name[start:]), columns, ellipsis)
    return shown


def _same_beginning(names: Iterable[str]) -> int:
    """Return how many characters at the start are the same in all names."""
    columns = zip(*names, strict=False)
    return sum(1 for _ in takewhile(lambda letters: len(set(letters)) == 1, columns))


def _cut_middle(name: str, columns: int, ellipsis: str) -> str:
    shown = visible(name)
    if columns_of(shown) <= columns:
        return shown
    end = max(1, (columns - columns_of(ellipsis)) * 2 // 3)
    tail = shown[::-1]
    kept = cut(tail, end, "")[::-1]
    return cut(shown, columns - columns_of(kept), ellipsis) + kept


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """Return the text with spaces added to fill `columns`. With `right`, the spaces come first."""
    fill = " " * max(0, columns - columns_of(text))
    return fill + text if right else text + fill


def table_lines(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: frozenset[int] = frozenset(),
    width: int = 100,
    ellipsis: str = "…",
    names: int | None = None,
) -> list[str]:
    """Return the lines of a table. If the table is wider than `width`, the widest columns are shortened.

    Columns in `right` (aligned to the right) and columns without a header are never shortened.
    Different names in the column `names` stay different.
    """
    cells = [[visible(cell) for cell in row] for row in (header, *rows)]
    sizes = [max(columns_of(row[i]) for row in cells) for i in range(len(header))]
    gaps = 2 * (len(header) - 1)
    while sum(sizes) + gaps > width:
        soft = [i for i, name in enumerate(header) if name and i not in right and sizes[i] > 8]
        if not soft:
            break
        sizes[max(soft, key=sizes.__getitem__)] -= 1
    if names is not None:
        short = names_that_differ([row[names] for row in cells], sizes[names], ellipsis)
        for row, name in zip(cells, short, strict=True):
            row[names] = name
    lines = []
    for row in cells:
        parts = (
            pad(cut(cell, size, ellipsis), size, right=i in right)
            for i, (cell, size) in enumerate(zip(row, sizes, strict=True))
        )
        lines.append("  ".join(parts).rstrip())
    return lines


def flowed(pieces: Sequence[str], width: int, *, separator: str, indent: str = "") -> list[str]:
    """Join pieces with a separator, in lines of at most `width` columns.

    A line ends between two pieces. A piece that is wider than a line is divided at its spaces.
    """
    lines: list[str] = []
    for piece in pieces:
        if lines and columns_of(lines[-1]) + columns_of(separator) + columns_of(piece) <= width:
            lines[-1] += separator + piece
        elif columns_of(indent) + columns_of(piece) > width and " " in piece:
            lines += flowed(piece.split(" "), width, separator=" ", indent=indent)
        else:
            lines.append(indent + piece)
    return lines


def wrapped(lines: Sequence[str], width: int) -> list[str]:
    """Divide long lines at their spaces. The second and later parts of a line are indented."""
    parts: list[str] = []
    for line in lines:
        first, *rest = flowed(line.split(" "), width - 2, separator=" ")
        parts += [first, *(f"  {part}" for part in rest)]
    return parts
