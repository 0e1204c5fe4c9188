"""`quotakeeper verify`: derive every balance again from the journal and compare."""

from __future__ import annotations

import json

from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.text.table import cut
from quotakeeper.schemas import Schema


def run_verify(session: context.CommandContext, *, as_json: bool = False) -> int:
    """Print what is wrong with the ledger; the exit code is 1 when anything is."""
    with context.open_keeper(session) as keeper:
        problems = [problem.what for problem in keeper.verify()]
        ledger = keeper.settings.ledger
    if as_json:
        record = {
            "schema": Schema.VERIFY,
            "ledger": ledger,
            "ok": not problems,
            "problems": problems,
        }
        console.say(json.dumps(record, indent=2))
    elif problems:
        console.say(session.words("{ledger}: problems found: {n}", ledger=ledger, n=len(problems)))
        for problem in problems:
            console.say(f"  {cut(problem, 1_000)}")
    else:
        console.say(session.words("{ledger}: no problems", ledger=ledger))
    return exit_codes.FAILURE if problems else exit_codes.OK
