"""Forecasts in a keeper's status: computed from the ledger's slots, and only on request."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from quotakeeper import Keeper
from quotakeeper.testing import FakeClock
from tests.engine.support import config, limit

LIMITS = (
    limit(1_000),
    limit(100, name="one model", model="gemini-2.5-flash"),
    limit(50, name="a minute", window="minute"),
    limit(9, name="another provider", provider="deepgram"),
)


@pytest.fixture(params=["memory:", "file"])
def keeper(request: pytest.FixtureRequest, tmp_path: Path) -> Keeper:
    ledger = "memory:" if request.param == "memory:" else tmp_path / "ledger.db"
    clock = FakeClock("2026-11-23T00:00:00+00:00")
    kept = Keeper(ledger=ledger, config=config(*LIMITS), clock=clock, on_warning=lambda v: None)
    request.addfinalizer(kept.close)
    for hour in range(6):
        for part in range(12):
            model = "gemini-2.5-flash" if hour % 2 else "gemini-2.5-pro"
            kept.record("gemini", model=model, event_id=f"{hour}-{part}")
            clock.advance(minutes=5)
    return kept


def test_each_limit_has_a_forecast_from_the_calls_it_counts(keeper: Keeper) -> None:
    status = keeper.status()
    every, model, minute, other = (entry.forecast for entry in status.limits)
    assert every is not None and model is not None
    assert (every.per_hour, every.projected, every.burn_rate) == (12, 288, Decimal("0.29"))
    assert every.exhausts_at is None
    assert model.per_hour == 12
    assert model.projected_low <= 36 * 4 <= model.projected_high
    assert minute is None, "five minutes cannot tell of one"
    assert other is None, "nothing was used"


def test_an_awaited_status_has_the_same_forecasts_or_none(keeper: Keeper) -> None:
    assert asyncio.run(keeper.astatus()) == keeper.status()
    plain = asyncio.run(keeper.astatus(forecasts=False))
    assert plain == keeper.status(forecasts=False)
    assert [entry.forecast for entry in plain.limits] == [None] * 4


def test_slots_can_be_read(keeper: Keeper) -> None:
    start = keeper.status().as_of - 6 * 3_600 * 10**6
    slots = list(keeper.slots())
    assert len(slots) == 72
    assert [slot.calls for slot in keeper.slots(start, start + 1)] == [1]
    assert sum(slot.quantities["requests"] for slot in slots) == 72
    assert [slot.slot_at for slot in slots] == [slot.bucket_at for slot in slots]
