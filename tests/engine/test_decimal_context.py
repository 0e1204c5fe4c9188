"""A host program with a decimal context of three digits and all traps does not change our figures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Context, Decimal, localcontext
from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.domain.decisions import Verdict
from quotakeeper.domain.forecasting.status import percent_of
from quotakeeper.engine.command_builder import time_to_live
from tests.engine.conftest import MakeKeeper
from tests.engine.support import limit


@contextmanager
def coarsely() -> Iterator[None]:
    context = Context(prec=3)
    for signal in context.traps:
        context.traps[signal] = True
    with localcontext(context):
        yield


@pytest.fixture
def coarse() -> Iterator[None]:
    with coarsely():
        yield


@pytest.mark.usefixtures("coarse")
@pytest.mark.parametrize(
    ("given", "counted"),
    [
        ({"audio_seconds": "1234.5675"}, {"audio_milliseconds": 1_234_568}),
        ({"audio_seconds": 0.0005}, {}),
        ({"audio_minutes": "20.576117"}, {"audio_milliseconds": 1_234_567}),
        ({"session_minutes": Decimal("20.576117")}, {"session_milliseconds": 1_234_567}),
        ({"audio_seconds": "1234.567", "channels": 3}, {"audio_milliseconds": 3_703_701}),
        ({"audio_seconds": "0." + "1" * 80}, {"audio_milliseconds": 111}),
    ],
)
def test_audio_lengths_ignore_the_hosts_decimal_context(
    keeper: Keeper, given: dict[str, Any], counted: dict[str, int]
) -> None:
    assert keeper.record("deepgram", **given).quantities == {**counted, "requests": 1}


@pytest.mark.usefixtures("coarse")
def test_percentages_ignore_the_hosts_decimal_context() -> None:
    assert percent_of(123_456, 1_000_000) == Decimal("12.35")
    assert percent_of(2**62 - 1, 3) == Decimal("153722867280912930100.00")
    assert percent_of(0, 7) == 0 and percent_of(5, 0) == 100


def test_money_and_thresholds_ignore_the_hosts_decimal_context(make: MakeKeeper) -> None:
    warned: list[Verdict] = []
    cap = limit(123_457, meter="input_tokens", thresholds=["0.5", "0.9"])
    dollars = limit("1.234567", name="dollars", meter="cost")
    keeper = make(cap, dollars, on_warning=warned.append)
    with coarsely():
        keeper.record("gemini", model="gemini-2.5-flash", input_tokens=61_728)
        assert [status.state for status in keeper._engine.reads.standing(keeper.limits)] == [
            "ok",
            "ok",
        ]
        keeper.record("gemini", model="gemini-2.5-flash", input_tokens=1)
        tokens, cost = keeper._engine.reads.standing(keeper.limits)
        assert (tokens.used, tokens.percent, tokens.state) == (61_729, Decimal("50.00"), "warning")
        assert cost.used == sum(event.cost_pico or 0 for event in keeper.events()) > 0
    assert [verdict.limit.name for verdict in warned] == ["cap"]


@pytest.mark.usefixtures("coarse")
def test_times_to_live_ignore_the_hosts_decimal_context(keeper: Keeper) -> None:
    assert time_to_live("1234.567891") == 1_234_567_891
    assert time_to_live(Decimal("86400.5")) == 86_400_500_000
