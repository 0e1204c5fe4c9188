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
    calls = [entry.figures.quantities["requests"] for entry in entries if entry.figures]
    return [number for number in calls if number > 1]  # one call has a reservation of its own


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


def _slow(
    keeper: Keeper, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    """Let every commit of a keeper take some time."""
    keeper.status()
    store = keeper._engine.worker.store
    apply = store.apply

    def slowly(*given: Any) -> Any:
        clock.advance(seconds=seconds)
        return apply(*given)

    monkeypatch.setattr(store, "apply", slowly)


def _call(keeper: Keeper, clock: FakeClock, times: int) -> None:
    for _ in range(times):
        keeper.reserve("gemini", **CALL).settle()
        clock.advance(seconds=0.01)


def _tend(keeper: Keeper) -> None:
    leases: Any = keeper._engine.leases
    keeper._engine.worker.ask(lambda store, now: leases.tend(store, now, at_once=True))


def test_the_next_block_is_asked_for_before_the_last_is_used_up(
    make: MakeKeeper, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = make(limit(10**6), lease=100)
    _slow(keeper, clock, monkeypatch, 0.1)
    _call(keeper, clock, 20)
    _tend(keeper)
    assert granted(keeper) == [100], "80 calls are left, for 0.8 s or more"
    _call(keeper, clock, 70)
    _tend(keeper)
    assert granted(keeper) == [100, 100], "10 calls are left, and a block takes 0.1 s"
    asked: list[object] = []
    leases: Any = keeper._engine.leases
    monkeypatch.setattr(leases, "grant", asked.append)
    _call(keeper, clock, 110)
    assert not asked, "no call waited for a block"
    _tend(keeper)
    assert len(granted(keeper)) == 3


def test_no_block_is_asked_for_ahead_of_a_caller_that_is_slow(
    make: MakeKeeper, clock: FakeClock
) -> None:
    keeper = make(limit(10**6), lease=4)
    _call(keeper, clock, 3)
    clock.advance(seconds=0.4)
    _tend(keeper)
    assert granted(keeper) == [4], "the last call is 0.1 s away"


def test_a_block_that_lasts_only_some_grants_is_too_small(
    make: MakeKeeper, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = make(limit(10**6), lease="auto")
    _slow(keeper, clock, monkeypatch, 0.1)
    _call(keeper, clock, 2)  # the first is not on a lease
    _call(keeper, clock, 32)
    # 32 calls took 0.32 s: longer than 0.1 s, but not four times as long as a grant.
    assert granted(keeper)[:2] == [32, 64]
