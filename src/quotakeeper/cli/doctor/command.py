"""`quotakeeper doctor`: the whole set-up at a glance, and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from quotakeeper.app.diagnostics import Finding, diagnose
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.text.table import columns_of, pad
from quotakeeper.schemas import Schema


def run_doctor(session: context.CommandContext, *, as_json: bool) -> int:
    """Look at everything; the exit code is 78 for a bad config, 1 for anything else that fails."""
    found = diagnose(session.settings, lambda: context.open_keeper(session))
    if as_json:
        findings = [asdict(each) for each in found.findings]
        record = {"schema": Schema.DOCTOR, "ok": not found.failed, "findings": findings}
        console.say(json.dumps(record, indent=2))
    else:
        _print(found.findings, session)
    if found.bad_config:
        return exit_codes.BAD_CONFIG
    return exit_codes.FAILURE if found.failed else exit_codes.OK


def _print(findings: Sequence[Finding], session: context.CommandContext) -> None:
    size = max(columns_of(session.words(each.name)) for each in findings)
    marks = {"ok": "OK", "note": "--", "warn": "WARN", "fail": "FAIL"}
    for each in findings:
        mark = console.paint(
            pad(marks[each.state], 4), {"fail": "OVER"}.get(each.state, marks[each.state]),
            session.colour,
        )  # fmt: skip
        console.say(f"{mark}  {pad(session.words(each.name), size)}  {each.text}")
        if each.fix and each.state in ("warn", "fail"):
            console.say(f"      {' ' * size}  {session.words('try')}: {each.fix}")
