"""Runs `quotakeeper backup`: copies the ledger while it is in use, and checks the copy."""

from __future__ import annotations

import json

from quotakeeper.app.ledger_files import back_up_ledger, backup_record
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.backup.view import backup_lines


def run_backup(
    session: context.CommandContext, *, out: str | None = None, force: bool = False,
    as_json: bool = False,
) -> int:  # fmt: skip
    """Copy the ledger and print the result. Returns exit code 1 if the copy has problems, else 0."""
    settings = session.settings()
    done = back_up_ledger(settings, lambda: context.open_existing(session), out, force=force)
    if as_json:
        console.say(json.dumps(backup_record(done), indent=2))
    else:
        for line in backup_lines(done, session):
            console.say(line)
    return exit_codes.FAILURE if done.problems else exit_codes.OK
