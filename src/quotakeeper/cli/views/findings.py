"""Formats the findings of a check as text lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from quotakeeper.app.setup_checks import Finding
from quotakeeper.cli.console import paint
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text.table import columns_of, pad
from quotakeeper.cli.text.words import Words
from quotakeeper.value_classes import replace


def finding_lines(findings: Sequence[Finding], session: CommandContext) -> Iterator[str]:
    """Yield a line for each finding. If a finding is a problem, a second line has the fix."""
    size = max(columns_of(session.words(each.name)) for each in findings)
    marks = {"ok": "OK", "note": "--", "warn": "WARN", "fail": "FAIL"}
    for each in findings:
        mark = paint(
            pad(marks[each.state], 4), {"fail": "OVER"}.get(each.state, marks[each.state]),
            session.colour,
        )  # fmt: skip
        text, fix = _said(each, session.words)
        yield f"{mark}  {pad(session.words(each.name), size)}  {text}"
        if fix and each.state in ("warn", "fail"):
            yield f"      {' ' * size}  {session.words('try')}: {fix}"


def _said(finding: Finding, words: Words) -> tuple[str, str]:
    """Return the text and the fix of a finding in the chosen language."""
    if finding.values is None:
        return words.finished(finding.text), words.finished(finding.fix)
    forms = {"why": words.finished, "left": words.value}
    values = {
        name: forms[name](value) if name in forms and isinstance(value, str) else value
        for name, value in finding.values.items()
    }
    return replace(finding, values=values).said(words)
