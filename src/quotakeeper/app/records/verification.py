"""The result of a check of the ledger as the record that other programs read."""

from __future__ import annotations

from collections.abc import Sequence

from quotakeeper.schemas import Schema


def verification_record(ledger: str, problems: Sequence[str]) -> dict[str, object]:
    """Every problem that was found in the ledger; none means that it is sound."""
    return {
        "schema": Schema.VERIFY,
        "ledger": ledger,
        "ok": not problems,
        "problems": list(problems),
    }
