"""`quotakeeper verify`: derive every balance again from the journal and compare."""

from __future__ import annotations

import json

from quotakeeper.cli import failures, sessions, streams
from quotakeeper.cli.table import cut


def run_verify(session: sessions.Session, *, as_json: bool = False) -> int:
    """Print what is wrong with the ledger; the exit code is 1 when anything is."""
    with sessions.open_keeper(session) as keeper:
        problems = [problem.what for problem in keeper.verify()]
        ledger = keeper.settings.ledger
    if as_json:
        record = {"schema": 1, "ledger": ledger, "ok": not problems, "problems": problems}
        streams.say(json.dumps(record, indent=2))
    elif problems:
        streams.say(session.words("{ledger}: problems found: {n}", ledger=ledger, n=len(problems)))
        for problem in problems:
            streams.say(f"  {cut(problem, 1_000)}")
    else:
        streams.say(session.words("{ledger}: no problems", ledger=ledger))
    return failures.FAILURE if problems else failures.OK
