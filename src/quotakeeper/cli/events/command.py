"""Runs `quotakeeper events`: prints the newest calls, newest first."""

from __future__ import annotations

import json

from quotakeeper.app.records.events import events_record
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.views.event_table import event_lines, legend
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.errors import LedgerCorruptError


def run_events(
    session: context.CommandContext,
    *,
    limit: int,
    as_json: bool,
    provider: str,
    operation: str,
) -> int:
    """Print the newest usage events, newest first, at most `limit`. Returns the exit code.

    If an entry is damaged, the events before it are printed as a table, then LedgerCorruptError is
    raised. With `as_json`, no events are printed in this case.
    """
    events: list[UsageEvent] = []
    damage: LedgerCorruptError | None = None
    with context.open_existing(session) as keeper:
        try:
            events.extend(
                keeper.events(
                    provider=provider, operation=operation, limit=limit, newest_first=True
                )
            )
        except LedgerCorruptError as error:
            if as_json or not events:  # JSON without some events would look complete
                raise
            damage = error
        zone = keeper.zone
    if as_json:
        console.say(json.dumps(events_record(events), indent=2))
        return exit_codes.OK
    if not events:
        console.say(session.words("No calls yet."))
        return exit_codes.OK
    for line in event_lines(events, zone, session, console.width()):
        console.say(line)
    console.say("")
    console.say(legend(session))
    if damage is not None:
        raise damage
    return exit_codes.OK
