"""A call is settled at the price of the tier that the provider served, not of the tier that was requested."""

from __future__ import annotations

import pytest

from quotakeeper import InvalidInputError
from tests.engine.conftest import MakeKeeper

FLASH = "gemini-2.5-flash"


@pytest.mark.parametrize(
    ("asked", "served", "cost"),
    [
        ({"tier": "priority"}, {"tier": "standard"}, 300_000_000),
        ({"tier": "priority"}, {}, 540_000_000),
        ({}, {"tier": "priority"}, 540_000_000),
        ({}, None, 300_000_000),
    ],
)
def test_a_call_costs_the_price_of_the_tier_that_was_served(
    make: MakeKeeper, asked: dict[str, str], served: dict[str, str] | None, cost: int
) -> None:
    keeper = make()
    call = keeper.reserve("gemini", model=FLASH, options=asked, input_tokens=2_000)
    made = call.settle(input_tokens=1_000, options=served)
    assert made.cost_pico == cost
    # A later correction of its length uses the same tier.
    assert keeper.correct(made.id, input_tokens=2_000).cost_pico == 2 * cost


@pytest.mark.parametrize("wrong", [{"tier": "first class"}, {"colour": "red"}, ["tier"]])
def test_wrong_options_leave_the_reservation_open(make: MakeKeeper, wrong: object) -> None:
    keeper = make()
    call = keeper.reserve("gemini", model=FLASH, input_tokens=2_000)
    with pytest.raises(InvalidInputError, match="options"):
        call.settle(input_tokens=1_000, options=wrong)
    assert call.is_open
    assert call.settle(input_tokens=1_000).cost_pico == 300_000_000
