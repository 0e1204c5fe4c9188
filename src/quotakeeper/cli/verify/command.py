"""Runs `quotakeeper verify`: calculates balances again from the journal and compares them."""

from __future__ import annotations

import json

from quotakeeper.app.records.settings import redacted
from quotakeeper.app.records.verification import verification_record
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.verify.view import verification_lines


def run_verify(
    session: context.CommandContext, *, whole: bool = False, as_json: bool = False
) -> int:
    """Print the problems found in the ledger. Returns exit code 1 if there are problems, else 0."""
    with context.open_existing(session) as keeper:
        found = keeper.verify_new(whole=whole)
        ledger = redacted(keeper.settings.ledger)
    if as_json:
        console.say(json.dumps(verification_record(ledger, found), indent=2))
    else:
        for line in verification_lines(ledger, found, session):
            console.say(line)
    return exit_codes.FAILURE if found.problems else exit_codes.OK
