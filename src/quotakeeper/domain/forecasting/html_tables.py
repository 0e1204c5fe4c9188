"""Builds an HTML table for notebooks. Every cell is escaped, because labels can contain any text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def html_table(caption: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return an HTML table. The first column holds row headings; the other columns are
    right-aligned.
    """
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
    body = "".join(f"<tr>{_row(cells)}</tr>" for cells in rows)
    return (
        f"<table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _row(cells: Sequence[str]) -> str:
    first, *others = cells
    right = "".join(f'<td style="text-align: right">{escape(cell)}</td>' for cell in others)
    return f'<th scope="row">{escape(first)}</th>{right}'
