"""Converts the result of a ledger check to a JSON record."""

from __future__ import annotations

from collections.abc import Sequence

from quotakeeper.schemas import Schema


def verification_record(ledger: str, problems: Sequence[str]) -> dict[str, object]:
    """Return the problems found in the ledger. If `problems` is empty, the ledger is intact."""
    return {
        "schema": Schema.VERIFY,
        "ledger": ledger,
        "ok": not problems,
        "problems": list(problems),
    }
