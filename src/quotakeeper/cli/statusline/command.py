"""Runs `quotakeeper statusline`: prints today's use in one line, for a shell prompt or tmux."""

from __future__ import annotations

import json

from quotakeeper.app.today import look_at_today, statusline_record
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.statusline.view import statusline
from quotakeeper.errors import InvalidInputError

_LEAST_COLUMNS, _MOST_COLUMNS = 10, 1_000


def run_statusline(
    session: context.CommandContext, *, as_json: bool = False, width: int = 60
) -> int:
    """Print today's use in one line. A missing ledger is not created. Returns the exit code."""
    if not _LEAST_COLUMNS <= width <= _MOST_COLUMNS:
        problem = f"{width} columns are out of range"
        fix = f"give {_LEAST_COLUMNS} to {_MOST_COLUMNS} columns"
        raise InvalidInputError("--width", problem, fix)
    found = look_at_today(session.settings(), context.opener(session), forecasts=False)
    if as_json:
        console.say(json.dumps(statusline_record(found)))
    else:
        console.say(statusline(found, session, width))
    return exit_codes.OK
