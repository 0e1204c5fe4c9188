"""A call without a price under a hard limit on cost: refused before it is sent, shown if it was sent."""

from __future__ import annotations

from typing import Any

import pytest

from quotakeeper import UnpricedModelError
from quotakeeper.testing import FakeClock
from tests.engine.conftest import MakeKeeper
from tests.engine.support import limit

COST = {"name": "money", "meter": "cost"}
NEW: dict[str, Any] = {"model": "gemini-99-unheard-of", "input_tokens": 1_000}


def test_a_hard_cost_limit_refuses_an_unpriced_call_and_says_how_to_price_it(
    make: MakeKeeper,
) -> None:
    keeper = make(limit("1.00", **COST))
    for ask in (keeper.reserve, keeper.check):
        with pytest.raises(UnpricedModelError) as caught:
            ask("gemini", **NEW)
        assert (caught.value.limit, caught.value.model) == ("money", NEW["model"])
        for part in ("'money'", NEW["model"], "[[price]]", "price_files", "price_as_highest"):
            assert part in str(caught.value)
    assert list(keeper.entries()) == []


@pytest.mark.parametrize(
    "changes",
    [{"mode": "soft"}, {"mode": "shadow"}, {"meter": "tokens"}, {"provider": "deepgram"}],
)
def test_without_a_hard_cost_limit_an_unpriced_call_is_counted(
    make: MakeKeeper, changes: dict[str, object]
) -> None:
    keeper = make(limit("9000", **{**COST, **changes}))
    assert keeper.reserve("gemini", **NEW).settle(input_tokens=1).cost_pico is None


def test_on_limit_warn_makes_a_cost_limit_soft_for_unpriced_calls(make: MakeKeeper) -> None:
    keeper = make(limit("1.00", **COST), on_limit="warn")
    assert keeper.check("gemini", **NEW).allowed


@pytest.mark.parametrize("chosen", ["count_only", "price_as_highest"])
def test_a_configured_policy_overrides_the_default(make: MakeKeeper, chosen: str) -> None:
    keeper = make(limit("1.00", **COST), on_unpriced=chosen)
    event = keeper.reserve("gemini", **NEW).settle(input_tokens=1_000)
    assert (event.cost_pico is None) == (chosen == "count_only")


def test_an_unpriced_call_that_was_sent_is_counted_and_never_refused(make: MakeKeeper) -> None:
    keeper = make(limit("1.00", **COST))
    assert keeper.record("gemini", **NEW).cost_pico is None
    call = keeper.reserve("gemini", model="gemini-2.5-flash", input_tokens=10)
    event = call.settle(input_tokens=10, model_served="gemini-99-unheard-of")
    assert event.cost_pico is None
    assert keeper.correct(event.id, input_tokens=11).cost_pico is None


@pytest.mark.parametrize("ledger", ["memory:", "file"])
def test_a_cost_limit_with_unpriced_calls_is_not_ok(
    make: MakeKeeper, clock: FakeClock, ledger: str
) -> None:
    keeper = make(
        limit("1.00", **COST), limit(5, name="calls"), limit("9", name="other", meter="cost",
              provider="deepgram"), ledger=ledger,
    )  # fmt: skip
    keeper.record("gemini", **NEW)
    money, calls, other = keeper.status().limits
    assert (money.state, money.unpriced_calls, money.is_told) == ("unknown", 1, False)
    assert (calls.state, calls.unpriced_calls, calls.is_told) == ("ok", 0, True)
    assert (other.state, other.unpriced_calls, other.is_told) == ("ok", 0, True)
    keeper.record("gemini", model="gemini-2.5-flash", input_tokens=1_000)
    (money, *_) = keeper.status(forecasts=False).limits
    assert (money.state, money.unpriced_calls, money.is_told) == ("unknown", 1, True)
    keeper.record("gemini", cost_usd="1.00", requests=0)
    assert keeper.status().limits[0].state == "exceeded"
    clock.advance(days=1)
    assert [each.state for each in keeper.status().limits] == ["ok", "ok", "ok"]
    assert [each.unpriced_calls for each in keeper.status().limits] == [0, 0, 0]


def test_a_call_that_gets_a_price_later_counts(make: MakeKeeper) -> None:
    keeper = make(limit("1.00", **COST), ledger="file")
    event = keeper.record("gemini", **NEW)
    keeper.correct(event.id, cost_usd="0.25")
    (money,) = keeper.status().limits
    assert (money.state, money.unpriced_calls, money.used) == ("ok", 0, 25 * 10**10)
