"""Proves the history of a keeper's ledger from a recording."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.proof.recording import Operation, prove


def problems(keeper: Any, operations: Sequence[Operation]) -> list[str]:
    """The contradictions in the answers, their order, and the final state of the limits."""
    store = keeper._engine.worker.store
    found, second = prove(store.entries(), operations, keeper.limits)
    found += [problem.what for problem in store.verify()]
    now = max(keeper.now(), second.written_at)
    for verdict in store.verdicts(keeper.limits, keeper.now()):
        used, held, _ = second.total(second.sums_of(verdict.limit.account), now)
        if (verdict.used, verdict.reserved) != (used, held):
            found.append(f"{verdict.limit.name}: {verdict.used} used and {verdict.reserved} held "
                         f"instead of {used} and {held}")  # fmt: skip
    if [hold.id for hold in store.holds()] != list(second.open):
        found.append("the open reservations are others")
    return found
