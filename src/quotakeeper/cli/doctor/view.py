"""What a diagnosis found as lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from quotakeeper.app.diagnostics import Finding
from quotakeeper.cli.console import paint
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text.table import columns_of, pad


def finding_lines(findings: Sequence[Finding], session: CommandContext) -> Iterator[str]:
    """A line for each finding, and what to do about those that are wrong."""
    size = max(columns_of(session.words(each.name)) for each in findings)
    marks = {"ok": "OK", "note": "--", "warn": "WARN", "fail": "FAIL"}
    for each in findings:
        mark = paint(
            pad(marks[each.state], 4), {"fail": "OVER"}.get(each.state, marks[each.state]),
            session.colour,
        )  # fmt: skip
        yield f"{mark}  {pad(session.words(each.name), size)}  {each.text}"
        if each.fix and each.state in ("warn", "fail"):
            yield f"      {' ' * size}  {session.words('try')}: {each.fix}"
