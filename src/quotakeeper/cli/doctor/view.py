"""Formats the findings of `doctor`, and the list of written files, as text lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from quotakeeper.app.setup_checks import Finding
from quotakeeper.app.written_files import WrittenFile
from quotakeeper.cli.console import paint
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import columns_of, pad, table_lines


def finding_lines(findings: Sequence[Finding], session: CommandContext) -> Iterator[str]:
    """Yield a line for each finding. A finding with a problem also gets a line with the fix."""
    size = max(columns_of(session.words(each.name)) for each in findings)
    marks = {"ok": "OK", "note": "--", "warn": "WARN", "fail": "FAIL"}
    for each in findings:
        mark = paint(
            pad(marks[each.state], 4), {"fail": "OVER"}.get(each.state, marks[each.state]),
            session.colour,
        )  # fmt: skip
        text, fix = each.said(session.words)
        yield f"{mark}  {pad(session.words(each.name), size)}  {text}"
        if fix and each.state in ("warn", "fail"):
            yield f"      {' ' * size}  {session.words('try')}: {fix}"


def path_lines(files: Sequence[WrittenFile], session: CommandContext) -> list[str]:
    """Return a table with a line for each file: its path, its size in bytes, and its purpose."""
    words = session.words
    rows = [
        [
            each.path,
            "-" if each.bytes is None else figures.whole(each.bytes, session.lang),
            words(each.what),
        ]
        for each in files
    ]
    header = [words("PATH"), words("BYTES"), words("WHAT IT IS")]
    widest = 10_000  # wide enough for any path: a shortened path cannot be copied
    return table_lines(header, rows, right=frozenset({1}), width=widest)
