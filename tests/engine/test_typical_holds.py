"""`hold = "typical"`: a reservation is the amount that nearly all calls of that operation used."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from quotakeeper import Keeper, LimitExceeded
from quotakeeper.engine.typical_holds import (
    FEWEST_CALLS,
    LEARN_SECONDS,
    REFRESH_SECONDS,
    p99,
)
from quotakeeper.testing import FakeClock
from tests.engine.conftest import MakeKeeper
from tests.engine.support import limit

MODEL = "gemini-2.5-flash"
MOST: dict[str, Any] = {"model": MODEL, "operation": "generate", "input_tokens": 1_000,
                        "output_tokens": 65_536}  # fmt: skip
MONEY = limit("1.00", meter="cost")


def used(keeper: Keeper, calls: int, **more: Any) -> None:
    given: dict[str, Any] = {"model": MODEL, "operation": "generate", "input_tokens": 500}
    for _ in range(calls):
        keeper.record("gemini", **{**given, "output_tokens": 300, "thought_tokens": 100, **more})


def held(keeper: Keeper, **more: Any) -> dict[str, int]:
    call = keeper.reserve("gemini", **{**MOST, **more})
    quantities = dict(call.hold.quantities)
    call.release()
    return quantities


def test_the_reserved_output_is_what_the_operation_usually_uses(make: MakeKeeper) -> None:
    keeper = make(MONEY, hold="typical")
    used(keeper, FEWEST_CALLS)
    with keeper.reserve("gemini", **MOST) as call:
        # Thinking tokens are output too. The input is the request's own count.
        assert call.hold.quantities == {"input_tokens": 1_000, "output_tokens": 400, "requests": 1}
        basis = call.decision.basis
        assert basis is not None and basis.explain() == "typical (p99 of 20 calls)"
        assert basis.most["output_tokens"] == 65_536
        assert call.hold.cost_pico == basis.cost_pico == 300 * 10**6 + 400 * 2_500_000


def test_with_too_few_calls_the_reservation_is_the_worst_case(make: MakeKeeper) -> None:
    keeper = make(MONEY, hold="typical")
    used(keeper, FEWEST_CALLS - 1)
    assert held(keeper)["output_tokens"] == 65_536


def test_the_reservation_never_exceeds_the_worst_case(make: MakeKeeper) -> None:
    keeper = make(MONEY, hold="typical")
    used(keeper, FEWEST_CALLS)
    assert held(keeper, output_tokens=50)["output_tokens"] == 50


@pytest.mark.parametrize(
    "other",
    [{"model": "gemini-2.5-pro"}, {"operation": "stream"}, {"outcome": "error"},
     {"provenance": "estimated"}, {"provenance": "assumed"}],
)  # fmt: skip
def test_calls_of_other_operations_do_not_count(make: MakeKeeper, other: dict[str, Any]) -> None:
    keeper = make(MONEY, hold="typical")
    used(keeper, 30, **other)
    assert held(keeper)["output_tokens"] == 65_536


def test_a_meter_without_history_is_reserved_at_its_most(make: MakeKeeper) -> None:
    keeper = make(MONEY, hold="typical")
    used(keeper, FEWEST_CALLS)
    assert held(keeper, searches=10)["searches"] == 10


def test_the_history_is_read_again_as_time_passes(make: MakeKeeper, clock: FakeClock) -> None:
    keeper = make(MONEY, hold="typical")
    used(keeper, FEWEST_CALLS - 1)
    assert held(keeper)["output_tokens"] == 65_536
    used(keeper, 1)
    assert held(keeper)["output_tokens"] == 65_536
    clock.advance(seconds=LEARN_SECONDS)
    assert held(keeper)["output_tokens"] == 400
    used(keeper, 5, output_tokens=900)
    clock.advance(seconds=LEARN_SECONDS)
    assert held(keeper)["output_tokens"] == 400
    clock.advance(seconds=REFRESH_SECONDS)
    assert held(keeper)["output_tokens"] == 1_000


def test_a_refusal_says_that_the_amount_is_typical(make: MakeKeeper) -> None:
    keeper = make(limit(700, meter="output_tokens"), hold="typical", on_busy="refuse")
    used(keeper, 1, output_tokens=0, thought_tokens=0)
    keeper.record("gemini", model=MODEL, operation="generate", output_tokens=400)
    used(keeper, FEWEST_CALLS, output_tokens=0, thought_tokens=0)
    with pytest.raises(LimitExceeded, match=r"400 output tokens, typical \(p99 of 22 calls\)"):
        keeper.reserve("gemini", **MOST)


def test_use_beyond_the_reservation_is_overage_and_never_refused(make: MakeKeeper) -> None:
    keeper = make(limit(10_000, meter="output_tokens"), hold="typical")
    used(keeper, FEWEST_CALLS)
    with keeper.reserve("gemini", **MOST) as call:
        call.settle(output_tokens=5_000)
    assert keeper.status().limits[0].used == 11_000
    with pytest.raises(LimitExceeded, match="is used up"):
        keeper.reserve("gemini", **MOST)


def test_a_repeated_id_is_the_same_call_although_the_history_changed(
    make: MakeKeeper, clock: FakeClock
) -> None:
    keeper = make(MONEY, hold="typical")
    first = keeper.reserve("gemini", event_id="a", **{**MOST, "output_tokens": 9_000})
    used(keeper, FEWEST_CALLS)
    clock.advance(seconds=REFRESH_SECONDS)
    again = keeper.reserve("gemini", event_id="a", **{**MOST, "output_tokens": 9_000})
    assert again.id == first.id and again.hold.quantities["output_tokens"] == 9_000
    first.release()


def test_an_awaited_reservation_is_typical_too(make: MakeKeeper) -> None:
    keeper = make(MONEY, hold="typical")
    used(keeper, FEWEST_CALLS)

    async def go() -> int:
        async with keeper.areserve("gemini", **MOST) as call:
            return int(call.hold.quantities["output_tokens"])

    assert asyncio.run(go()) == 400


def test_p99_is_the_amount_that_99_of_100_calls_stay_within() -> None:
    assert p99(list(range(1, 101))) == 99
    assert p99([7] * 19 + [400]) == 400
    rng = random.Random(9)
    for size in (20, 99, 100, 101, 312, 2_000):
        amounts = [rng.randrange(10_000) for _ in range(size)]
        found = p99(amounts)
        assert sum(amount <= found for amount in amounts) * 100 >= 99 * size
        assert sum(amount < found for amount in amounts) * 100 < 99 * size
