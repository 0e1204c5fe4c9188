"""Runs `quotakeeper status`: prints the current use of every limit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from quotakeeper.app.price_notices import notice_lines
from quotakeeper.app.records.status import doubtful_calls_today, status_record
from quotakeeper.app.upcoming_prices import changes_of_recent_models
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.status import view
from quotakeeper.cli.text.table import wrapped

if TYPE_CHECKING:
    from quotakeeper.domain.forecasting.status import Status


def run_status(
    session: context.CommandContext, *, as_json: bool = False, check: bool = False
) -> int:
    """Print the status. Returns 0, or with `check` the code of `code_for`."""
    with context.open_existing(session) as keeper:
        status, zone = keeper.status(), keeper.zone
        changes = [] if as_json else changes_of_recent_models(keeper, status.as_of)
        session = session.in_currency_of(keeper.settings)
        unpriced, assumed = (0, 0) if as_json else doubtful_calls_today(keeper, status)
    if as_json:
        console.say(json.dumps(status_record(status), indent=2))
    else:
        width = console.width()
        notices = notice_lines(changes, session.words)
        lines = view.status_lines(status, zone, session, width, unpriced=unpriced, assumed=assumed)
        for line in [*lines, *wrapped(notices, width)]:
            console.say(line)
    return code_for(status) if check else exit_codes.OK


def code_for(status: Status) -> int:
    """Return 3 if a hard limit is exceeded, 4 if a limit is near, exceeded or unknown, else 0.

    Shadow limits do not count.
    """
    counted = [entry for entry in status.limits if entry.limit.mode != "shadow"]
    if any(e.state == "exceeded" and e.limit.mode == "hard" for e in counted):
        return exit_codes.OVER
    if any(entry.state != "ok" for entry in counted):
        return exit_codes.WARNING
    return exit_codes.OK
