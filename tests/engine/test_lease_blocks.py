"""How large the next block of a lease is: by how long the last one lasted, not by a slow ledger."""

from __future__ import annotations

from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.domain.ledger.entries import Kind
from quotakeeper.testing import FakeClock
from tests.engine.conftest import MakeKeeper

SLOW_SECONDS = 0.7  # longer than a block may last without being too large


def granted(keeper: Keeper) -> list[int]:
    """How many calls each block of the lease has."""
    entries = [e for e in keeper.entries() if e.kind in (Kind.RESERVE, Kind.GROW) and e.figures]
    return [entry.figures.quantities["requests"] for entry in entries if entry.figures][1:]


def test_a_slow_ledger_does_not_shrink_the_blocks(
    make: MakeKeeper, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = {"name": "calls", "meter": "requests", "window": "day", "amount": 10**6}
    keeper = make(limit, lease="auto")
    keeper.reserve("gemini").release()
    store = keeper._engine.worker.store
    apply = store.apply

    def slowly(*given: Any) -> Any:
        clock.advance(seconds=SLOW_SECONDS)
        return apply(*given)

    monkeypatch.setattr(store, "apply", slowly)
    for _ in range(300):
        keeper.reserve("gemini").release()
    blocks = granted(keeper)
    assert len(blocks) >= 3
    assert blocks == sorted(blocks), "a block that was used up at once is followed by a larger one"
