"""The result of a ledger check as a JSON record."""

from __future__ import annotations

from collections.abc import Sequence

from quotakeeper.schemas import Schema


def verification_record(ledger: str, problems: Sequence[str]) -> dict[str, object]:
    """Every problem found in the ledger; no problem means that the ledger is intact."""
    return {
        "schema": Schema.VERIFY,
        "ledger": ledger,
        "ok": not problems,
        "problems": list(problems),
    }
