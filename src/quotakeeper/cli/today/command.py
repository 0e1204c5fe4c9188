"""`quotakeeper today`: what the day has come to, and which limit needs attention first."""

from __future__ import annotations

import json

from quotakeeper.app.today import look_at_today, today_record
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.today.view import today_lines


def run_today(session: context.CommandContext, *, as_json: bool = False) -> int:
    """Print the day. Nothing is made where no ledger exists yet."""
    found = look_at_today(session.settings(), context.opener(session))
    if as_json:
        console.say(json.dumps(today_record(found), indent=2))
    else:
        for line in today_lines(found, session, console.width()):
            console.say(line)
    return exit_codes.OK
