"""Converts the result of a ledger check to a JSON record."""

from __future__ import annotations

from quotakeeper.domain.ports import Verification
from quotakeeper.schemas import Schema


def verification_record(ledger: str, found: Verification) -> dict[str, object]:
    """Return the problems found in the ledger, and which entries were read.

    Entries up to number `after` were verified by an earlier run. With `after` 0, all were read.
    """
    return {
        "schema": Schema.VERIFY,
        "ledger": ledger,
        "ok": not found.problems,
        "problems": [each.what for each in found.problems],
        "after": found.after,
        "newest": found.newest,
    }
