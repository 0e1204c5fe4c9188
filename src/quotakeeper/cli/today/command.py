"""Runs `quotakeeper today`: prints today's use, and the limit that needs attention first."""

from __future__ import annotations

import json

from quotakeeper.app.today import look_at_today, today_record
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.today.view import today_lines


def run_today(session: context.CommandContext, *, as_json: bool = False) -> int:
    """Print today's use. A missing ledger is not created. Returns the exit code."""
    found = look_at_today(session.settings(), context.opener(session))
    session = session.in_currency_of(found.settings)
    if as_json:
        console.say(json.dumps(today_record(found), indent=2))
    else:
        for line in today_lines(found, session, console.width()):
            console.say(line)
    return exit_codes.OK
