"""How large the next block of a lease is: by how long the last one lasted, not by a slow ledger."""

from __future__ import annotations

from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.domain.ledger.entries import Kind
from quotakeeper.testing import FakeClock
from tests.engine.conftest import MakeKeeper
from tests.engine.support import limit

CALL = {"model": "gemini-2.0-flash", "input_tokens": 100, "output_tokens": 20}
SLOW_SECONDS = 0.7  # longer than a block may last without being too large


def granted(keeper: Keeper) -> list[int]:
    """How many calls each block of the lease has."""
    entries = [e for e in keeper.entries() if e.kind in (Kind.RESERVE, Kind.GROW) and e.figures]
    return [entry.figures.quantities["requests"] for entry in entries if entry.figures][1:]


def test_a_slow_ledger_does_not_shrink_the_blocks(
    make: MakeKeeper, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = make(limit(10**6), lease="auto")
    for _ in range(2):
        keeper.reserve("gemini", **CALL).settle()
        clock.advance(seconds=0.2)
    store = keeper._engine.worker.store
    apply = store.apply

    def slowly(*given: Any) -> Any:
        clock.advance(seconds=SLOW_SECONDS)
        return apply(*given)

    monkeypatch.setattr(store, "apply", slowly)
    for _ in range(500):
        keeper.reserve("gemini", **CALL).settle()
    blocks = granted(keeper)
    # Each block is used up as soon as it is granted, so the next one is larger. Only the first one
    # lasts for a moment, before the ledger becomes slow.
    assert blocks[:4] == [32, 32, 64, 128]
