"""`quotakeeper compact`: let single calls of long ago go, and say what that came to."""

from __future__ import annotations

import json
from pathlib import Path

from quotakeeper.app.records.instants import rfc3339
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.text.times import parse_span
from quotakeeper.domain.windows import SECOND, moment
from quotakeeper.keeper import engine_of
from quotakeeper.schemas import Schema

_DAY = 86_400 * SECOND


def run_compact(session: context.CommandContext, keep: str, *, shrink: bool, as_json: bool) -> int:
    """Compact the ledger and print how much smaller it is."""
    days = -(-parse_span(keep, "--keep") // _DAY)
    with context.open_keeper(session) as keeper:
        path = Path(engine_of(keeper).worker.store.name)
        keeper.status(forecasts=False)
        before = _size(path)
        done = keeper.compact(days, shrink=shrink)
        ledger, zone = keeper.settings.ledger, keeper.zone
    after = _size(path)  # what was written beside the file is in it now
    if as_json:
        record = {
            "schema": Schema.COMPACT, "ledger": ledger, "kept_from": rfc3339(done.before_at),
            "calls": done.calls, "entries": done.entries, "bytes_before": before, "bytes_after": after,
        }  # fmt: skip
        console.say(json.dumps(record, indent=2))
        return exit_codes.OK
    words = session.words
    since = moment(done.before_at, zone).date().isoformat()
    console.say(
        words("{ledger}: {n} calls from before {since} let go", ledger=ledger, n=done.calls,
              since=since)
    )  # fmt: skip
    console.say(
        words("size: {before} bytes, now {after}; balances and reports are as they were",
              before=f"{before:,}", after=f"{after:,}")
    )  # fmt: skip
    if done.calls and not shrink:
        console.say(words("the room is used again; --shrink gives it back to the disk"))
    return exit_codes.OK


def _size(path: Path) -> int:
    files = (path, path.with_name(path.name + "-wal"))
    return sum(file.stat().st_size for file in files if file.exists())
