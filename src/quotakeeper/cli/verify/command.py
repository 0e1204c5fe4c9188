"""Runs `quotakeeper verify`: calculates every balance again from the journal and compares them."""

from __future__ import annotations

import json

from quotakeeper.app.records.settings import redacted
from quotakeeper.app.records.verification import verification_record
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.verify.view import verification_lines


def run_verify(session: context.CommandContext, *, as_json: bool = False) -> int:
    """Print the problems found in the ledger. Returns exit code 1 if there are problems, else 0."""
    with context.open_existing(session) as keeper:
        problems = [problem.what for problem in keeper.verify()]
        ledger = redacted(keeper.settings.ledger)
    if as_json:
        console.say(json.dumps(verification_record(ledger, problems), indent=2))
    else:
        for line in verification_lines(ledger, problems, session):
            console.say(line)
    return exit_codes.FAILURE if problems else exit_codes.OK
