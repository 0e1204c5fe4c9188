"""`grow`: a call that becomes larger than reserved gets more room before it continues, or is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from quotakeeper import InvalidInputError, Keeper, LimitExceeded
from quotakeeper.errors import LedgerUnavailableError, ReservationClosedError
from quotakeeper.testing import FakeClock
from tests.engine.conftest import MakeKeeper
from tests.engine.support import gated, limit

TOKENS = limit(100, meter="tokens")


def grow(call: Any, awaited: bool, **quantities: Any) -> Any:
    return asyncio.run(call.agrow(**quantities)) if awaited else call.grow(**quantities)


@pytest.mark.parametrize("awaited", [False, True])
@pytest.mark.parametrize("ledger", ["memory:", "file"])
def test_growth_is_refused_where_a_reservation_would_be_refused(
    make: MakeKeeper, ledger: str, awaited: bool
) -> None:
    keeper = make(TOKENS, limit(2, name="calls"), ledger=ledger)
    with keeper.reserve("gemini", output_tokens=40) as call:
        grow(call, awaited, output_tokens=50)
        assert call.hold.quantities == {"output_tokens": 90, "requests": 1}
        with pytest.raises(LimitExceeded) as caught:
            grow(call, awaited, output_tokens=11)
        assert (caught.value.limit.name, caught.value.remaining) == ("cap", 10)
        assert grow(call, awaited, output_tokens=10).allowed
        calls, tokens = sorted(keeper.status().limits, key=lambda each: each.limit.amount)
        assert (calls.reserved, tokens.reserved) == (1, 100)
        call.settle(output_tokens=95)
    assert [(each.used, each.reserved) for each in keeper.status().limits] == [(95, 0), (1, 0)]


def test_an_open_call_is_assumed_at_its_grown_size(make: MakeKeeper) -> None:
    keeper = make(TOKENS)
    with pytest.raises(RuntimeError), keeper.reserve("gemini", output_tokens=40) as call:
        call.mark_sent()
        call.grow(output_tokens=2)
        raise RuntimeError
    (event,) = keeper.events()
    assert event.quantities == {"output_tokens": 42, "requests": 1}
    with keeper.reserve("gemini", output_tokens=4) as quiet:
        quiet.grow(output_tokens=3)
    assert list(keeper.events())[-1].quantities == {"output_tokens": 7, "requests": 1}


def test_growth_reports_the_nearest_limit_and_warns_nobody(make: MakeKeeper) -> None:
    warned: list[str] = []
    keeper = make(TOKENS, on_warning=lambda verdict: warned.append(verdict.limit.name))
    call = keeper.reserve("gemini", output_tokens=40)
    assert call.decision.warnings == ()
    call.grow(output_tokens=40)
    assert [verdict.limit.name for verdict in call.decision.warnings] == ["cap"]
    call.release()
    assert warned == []


def test_an_ended_call_or_a_wrong_amount_does_not_grow(make: MakeKeeper) -> None:
    keeper = make(TOKENS)
    with keeper.reserve("gemini", output_tokens=40) as call:
        with pytest.raises(InvalidInputError, match="output_tokens"):
            call.grow(output_tokens=-1)
        call.settle(output_tokens=4)
    with pytest.raises(ReservationClosedError):
        call.grow(output_tokens=1)


def test_a_call_that_the_ledger_does_not_have_may_grow(make: MakeKeeper) -> None:
    keeper = make(TOKENS, ledger="file", on_store_failure="allow")
    store = gated(keeper)
    store.error = LedgerUnavailableError("here", "is full")
    with keeper.reserve("gemini", output_tokens=40) as call:
        assert call.grow(output_tokens=1_000).allowed
        call.settle(output_tokens=500)
    store.error = None
    assert keeper.status().limits[0].used == 500


def test_a_call_recorded_with_a_time_counts_at_that_time(
    make: MakeKeeper, clock: FakeClock
) -> None:
    keeper: Keeper = make(TOKENS)
    yesterday = clock.now() - 86_400_000_000
    event = keeper.record("gemini", output_tokens=30, at=yesterday)
    later = asyncio.run(keeper.arecord("gemini", output_tokens=3, at=clock.now() + 10**12))
    assert (event.at, later.at) == (yesterday, clock.now())
    assert keeper.status().limits[0].used == 3
    for at in (-1, 10**18, "noon", 1.5):
        with pytest.raises(InvalidInputError, match="at"):
            keeper.record("gemini", output_tokens=30, at=at)  # type: ignore[arg-type]
