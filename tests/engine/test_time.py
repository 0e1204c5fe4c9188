"""One keeper across midnights, daylight saving changes, and a clock that is set back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from quotakeeper import Keeper, LimitExceeded
from quotakeeper.testing import FakeClock
from tests.engine.conftest import MakeKeeper
from tests.engine.support import limit


def stands(keeper: Keeper) -> tuple[int, str, str]:
    """The amount used in the current period, and the period."""
    (standing,) = keeper.status().limits
    period = standing.period
    return standing.used, instant(period.start_at), instant(period.end_at)


def instant(at: int) -> str:
    return datetime.fromtimestamp(at // 1_000_000, UTC).strftime("%m-%dT%H:%M")


@pytest.mark.parametrize("ledger", ["memory:", "file"])
def test_a_new_day_begins_at_midnight_without_a_restart(
    make: MakeKeeper, clock: FakeClock, ledger: str
) -> None:
    keeper = make(limit(2, timezone="Asia/Ho_Chi_Minh"), ledger=ledger)
    clock.set("2026-11-23T16:59:59.999999Z")  # a microsecond before midnight in Saigon
    keeper.record("gemini", requests=2)
    assert stands(keeper) == (2, "11-22T17:00", "11-23T17:00")
    with pytest.raises(LimitExceeded):
        keeper.reserve("gemini")
    clock.set("2026-11-23T17:00:00Z")
    assert stands(keeper) == (0, "11-23T17:00", "11-24T17:00")
    keeper.reserve("gemini").settle(requests=1)
    assert stands(keeper)[0] == 1
    assert keeper.verify() == []


def test_a_call_reserved_before_midnight_is_booked_on_that_day(
    make: MakeKeeper, clock: FakeClock
) -> None:
    keeper = make(limit(5))
    clock.set("2026-11-23T23:59:59Z")
    call = keeper.reserve("gemini")
    clock.set("2026-11-24T00:00:10Z")
    assert stands(keeper)[0] == 0
    event = call.settle(requests=4)
    assert instant(event.at) == "11-23T23:59"
    assert stands(keeper) == (0, "11-24T00:00", "11-25T00:00")
    clock.set("2026-11-24T00:00:11Z")
    assert keeper.usage(by=("day",))[0].key == ("2026-11-23",)
    assert keeper.verify() == []


@pytest.mark.parametrize(
    ("before", "after", "start", "end", "hours"),
    [
        ("2026-03-08T09:59:59Z", "2026-03-08T10:00:00Z", "03-08T08:00", "03-09T07:00", 23),
        ("2026-11-01T08:59:59Z", "2026-11-01T09:00:00Z", "11-01T07:00", "11-02T08:00", 25),
    ],
)
def test_both_clock_changes_of_los_angeles_end_the_day_at_midnight(
    make: MakeKeeper, clock: FakeClock, before: str, after: str, start: str, end: str, hours: int
) -> None:  # fmt: skip
    clock.set(before)
    keeper = make(limit(100, timezone="America/Los_Angeles"), ledger="file")
    keeper.record("gemini")
    assert stands(keeper) == (1, start, end)
    for _ in range(3):  # hour by hour over the change and the repeated hour
        clock.advance(hours=1)
        keeper.record("gemini")
    assert stands(keeper) == (4, start, end)
    clock.set(after)  # the repeated hour again: ledger time does not go back
    keeper.record("gemini")
    assert stands(keeper) == (5, start, end)
    clock.set(f"2026-{end}:00Z")
    assert stands(keeper)[0] == 0
    keeper.record("gemini")
    assert stands(keeper)[:2] == (1, end)
    length = datetime.fromisoformat(f"2026-{end}") - datetime.fromisoformat(f"2026-{start}")
    assert length.total_seconds() == hours * 3600
    assert keeper.verify() == []


@pytest.mark.parametrize("ledger", ["memory:", "file"])
def test_a_clock_set_back_an_hour_opens_no_period_again(
    make: MakeKeeper, clock: FakeClock, ledger: str
) -> None:
    keeper = make(limit(3), limit(3, name="hourly", window="hour"), ledger=ledger)
    clock.set("2026-11-23T23:30:00Z")
    keeper.record("gemini", requests=3)
    clock.set("2026-11-24T00:30:00Z")
    keeper.record("gemini", requests=3)
    clock.advance(hours=-1)  # yesterday's last hour again
    with pytest.raises(LimitExceeded):
        keeper.reserve("gemini")
    event = keeper.record("gemini", requests=1)
    assert instant(event.at) == "11-24T00:30"
    by_day = {row.key[0]: row.quantities["requests"] for row in keeper.usage(by=("day",))}
    assert by_day == {"2026-11-23": 3, "2026-11-24": 4}
    clock.set("2026-11-25T00:00:00Z")
    keeper.reserve("gemini").settle(requests=1)
    assert keeper.verify() == []


def test_reservations_expire_as_time_passes(make: MakeKeeper, clock: FakeClock) -> None:
    keeper = make(limit(2))
    unsent = keeper.reserve("gemini", ttl_seconds=60)
    sent = keeper.reserve("gemini", ttl_seconds=60)
    sent.mark_sent()
    clock.advance(seconds=61)
    keeper.status()  # any work of the worker includes a sweep
    keeper.status()
    assert keeper.reservations() == []
    (event,) = keeper.events()
    assert (event.id, str(event.provenance)) == (sent.id, "assumed")
    assert sent.settle(requests=2).quantities == {"requests": 2}  # settled late, counts once
    assert unsent.settle(requests=1).quantities == {"requests": 1}
    assert keeper.verify() == []


def test_a_price_change_applies_exactly_from_its_instant(
    make: MakeKeeper, clock: FakeClock
) -> None:
    keeper = make(limit(100))
    change = datetime(2026, 12, 1, tzinfo=UTC)
    used: dict[str, Any] = {"input_tokens": 1_000_000, "output_tokens": 0}
    clock.set("2026-11-30T23:59:59.999999Z")
    old = keeper.record("gemini", model="gemini-4-argon", **used)
    held = keeper.reserve("gemini", model="gemini-4-argon", **used)
    clock.set(change)
    new = keeper.record("gemini", model="gemini-4-argon", **used)
    settled = held.settle(**used)
    assert old.cost_pico is not None and new.cost_pico is not None
    assert old.cost_pico != new.cost_pico
    assert settled.cost_pico == old.cost_pico
    assert settled.price_id == old.price_id != new.price_id
