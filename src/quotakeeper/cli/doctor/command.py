"""`quotakeeper doctor`: the whole set-up at a glance, and what is wrong with it."""

from __future__ import annotations

import json

from quotakeeper.app.diagnostics import diagnose, diagnosis_record
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.doctor.view import finding_lines


def run_doctor(session: context.CommandContext, *, as_json: bool) -> int:
    """Look at everything; the exit code is 78 for a bad config, 1 for anything else that fails."""
    found = diagnose(session.settings, lambda: context.open_keeper(session))
    if as_json:
        console.say(json.dumps(diagnosis_record(found), indent=2))
    else:
        for line in finding_lines(found.findings, session):
            console.say(line)
    if found.bad_config:
        return exit_codes.BAD_CONFIG
    return exit_codes.FAILURE if found.failed else exit_codes.OK
