"""Runs `quotakeeper compact`: deletes old individual calls and prints the result."""

from __future__ import annotations

import json

from quotakeeper.app.ledger_files import compact_ledger, compaction_record
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.compact.view import compaction_lines
from quotakeeper.cli.text.times import parse_span
from quotakeeper.domain.windows import SECOND

_DAY = 86_400 * SECOND


def run_compact(session: context.CommandContext, keep: str, *, shrink: bool, as_json: bool) -> int:
    """Compact the ledger, and print the number of deleted calls and the new size. Returns the exit
    code."""
    days = -(-parse_span(keep, "--keep") // _DAY)
    done = compact_ledger(lambda: context.open_existing(session), days, shrink=shrink)
    if as_json:
        console.say(json.dumps(compaction_record(done), indent=2))
    else:
        for line in compaction_lines(done, session, shrink=shrink):
            console.say(line)
    return exit_codes.OK
