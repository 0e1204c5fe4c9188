"""Runs `quotakeeper doctor --accept-clock` and `--repair-clock`."""

from __future__ import annotations

import json
from collections.abc import Iterator

from quotakeeper.app.clock_repair import (
    ClockRepair,
    accept_clock,
    accepted_record,
    repair_clock,
    repair_record,
)
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.text import figures
from quotakeeper.domain.windows import FOREVER
from quotakeeper.wiring import is_on_server


def run_accept(session: context.CommandContext, why: str, *, as_json: bool) -> int:
    """Confirm that the system clock is right, and print how far it jumped ahead. Returns the exit code."""
    words = session.words
    accepted = accept_clock(lambda: context.open_existing(session), why)
    if as_json:
        console.say(json.dumps(accepted_record(accepted), indent=2))
    elif accepted.was_doubted:
        ahead = figures.duration(accepted.ahead, session.lang)
        text = (
            "the clock is confirmed, although it jumped ahead by {ahead}: hard limits admit "
            "calls again"
        )
        console.tell(words(text, ahead=ahead))
    else:
        console.tell(words("the clock is trusted already: nothing was changed"))
    return exit_codes.OK


def run_repair(session: context.CommandContext, why: str, *, yes: bool, as_json: bool) -> int:
    """Move ledger entries with a future time to the present. Returns the exit code.

    Without `yes`, only prints what would change.
    """
    done = repair_clock(lambda: context.open_existing(session), why, apply=yes)
    if as_json:
        console.say(json.dumps(repair_record(done), indent=2))
    else:
        for line in _lines(done, session):
            console.tell(line)
    return exit_codes.OK


def _lines(done: ClockRepair, session: context.CommandContext) -> Iterator[str]:
    words, found, lang = session.words, done.found, session.lang
    now = figures.stamp(found.to, done.zone)
    if not done.is_needed:
        yield words(
            "the ledger's time is not ahead of the clock ({now}): nothing to repair", now=now
        )
        return
    ahead = figures.duration(found.ahead, lang)
    newest = figures.stamp(min(found.newest_at, FOREVER), done.zone)
    text = (
        "the ledger's time is {ahead} ahead of the clock: the newest entry has the time "
        "{newest}, but the clock shows {now}"
    )
    yield words(text, ahead=ahead, newest=newest, now=now)
    counts = {"entries": found.entries, "calls": found.calls}
    if done.applied:
        text = (
            "entries whose time is now {now}: {entries}, among them calls: {calls}; no call is lost"
        )
        yield words(text, now=now, **counts)
        if found.backup:
            yield words("copy of the ledger before the repair: {file}", file=found.backup)
        return
    if done.is_confirmed:
        yield words("the time service of this machine confirms its clock")
    else:
        yield words("nothing confirms this clock: make sure that it is right")
    if is_on_server(session.settings()):
        yield words(
            "quotakeeper does not copy a ledger on a server: first back up its database "
            "with pg_dump"
        )
        text = "--yes sets the times of future entries to now: {entries}, among them calls: {calls}"
    else:
        text = (
            "--yes copies the ledger, then sets the times of future entries to now: {entries}, "
            "among them calls: {calls}"
        )
    yield words(text, **counts)
