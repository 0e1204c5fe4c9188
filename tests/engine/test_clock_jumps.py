"""A wall clock that jumps ahead grants no quota, and entries that were made stay. Right clocks continue."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from quotakeeper import ClockSuspectError, InvalidInputError, Keeper, LimitExceeded
from quotakeeper.domain.ledger.entries import CLOCK_ACCEPTED, Kind
from quotakeeper.domain.windows import SECOND
from quotakeeper.testing import FakeClock
from tests.engine.conftest import MakeKeeper
from tests.engine.support import limit

MINUTE = 60 * SECOND
HOMES = ["memory:", "file"]


def jump(clock: FakeClock, microseconds: int) -> None:
    """Set the wall clock; the boot clock stays."""
    clock._now += microseconds


def used(keeper: Keeper) -> int:
    return keeper.status(forecasts=False).limits[0].used


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize("ahead", [-3_600 * SECOND, -1, 1, 4 * MINUTE, 5 * MINUTE])
def test_a_step_within_the_bound_and_any_step_back_are_accepted(
    make: MakeKeeper, clock: FakeClock, home: str, ahead: int
) -> None:
    keeper = make(limit(3), ledger=home)
    keeper.record("gemini")
    jump(clock, ahead)
    keeper.reserve("gemini").settle(requests=1)
    assert used(keeper) == 2
    assert keeper.status().doubt is None


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize(
    "ahead", [5 * MINUTE + 1, 6 * MINUTE, 3_600 * SECOND, 3_650 * 86_400 * SECOND]
)
def test_a_jump_beyond_the_bound_makes_hard_limits_refuse_and_is_named(
    make: MakeKeeper, clock: FakeClock, home: str, ahead: int
) -> None:
    keeper = make(limit(3), ledger=home)
    keeper.record("gemini")
    before = clock.now()
    jump(clock, ahead)
    with pytest.raises(ClockSuspectError) as caught:
        keeper.reserve("gemini")
    error = caught.value
    assert isinstance(error, LimitExceeded)
    assert (error.ahead, error.shown_at, error.trusted_at) == (ahead, before + ahead, before)
    for part in ("jumped ahead by", "it shows 20", "2026-11-23T12:00:00+00:00", "--accept-clock"):
        assert part in str(error)
    checked = keeper.check("gemini")
    assert not checked.allowed and checked.doubt == error.decision.doubt
    assert used(keeper) == 1 and keeper.status().doubt == checked.doubt
    jump(clock, -ahead)  # the clock is right again
    keeper.reserve("gemini").settle(requests=1)
    assert used(keeper) == 2 and keeper.status().doubt is None


@pytest.mark.parametrize("home", HOMES)
def test_soft_limits_records_and_settles_use_the_last_trusted_time(
    make: MakeKeeper, clock: FakeClock, home: str
) -> None:
    keeper = make(limit(9), ledger=home)
    under_way = keeper.reserve("gemini", ttl_seconds=60)
    trusted = clock.now()
    jump(clock, 86_400 * SECOND)
    with pytest.raises(ClockSuspectError):
        under_way.grow(requests=1)
    assert under_way.settle(requests=2).at == trusted
    assert keeper.record("gemini", requests=1).at == trusted
    soft = make(limit(9, mode="soft"), ledger=home if home == "file" else "memory:")
    if home == "memory:":  # its first reading is already wrong, so there is nothing to compare with
        assert soft.reserve("gemini").settle(requests=1).at == clock.now()
    else:
        assert soft.reserve("gemini").settle(requests=1).at == trusted
    assert max(entry.at for entry in keeper.entries()) == trusted
    assert keeper.verify() == []


@pytest.mark.parametrize("home", HOMES)
def test_nothing_expires_and_no_period_begins_while_the_clock_is_suspect(
    make: MakeKeeper, clock: FakeClock, home: str
) -> None:
    keeper = make(limit(2), ledger=home)
    held = keeper.reserve("gemini", ttl_seconds=60)
    keeper.record("gemini")
    jump(clock, 2 * 86_400 * SECOND)
    for _ in range(3):
        keeper.status()
    assert [hold.id for hold in keeper.reservations()] == [held.id]
    assert used(keeper) == 1
    clock.advance(seconds=3_600)  # time passes, and the clock stays as far ahead
    with pytest.raises(ClockSuspectError):
        keeper.reserve("gemini")
    assert [hold.id for hold in keeper.reservations()] == [held.id]
    jump(clock, -2 * 86_400 * SECOND)
    clock.advance(seconds=31)  # until the next sweep
    keeper.status()
    keeper.status()
    assert keeper.reservations() == []  # an hour has really passed
    assert keeper.verify() == []


def test_several_small_steps_add_up_to_a_jump(make: MakeKeeper, clock: FakeClock) -> None:
    keeper = make(limit(9))
    keeper.record("gemini")
    jump(clock, 4 * MINUTE)
    keeper.reserve("gemini").release()
    jump(clock, 4 * MINUTE)
    with pytest.raises(ClockSuspectError):
        keeper.reserve("gemini")


def test_a_clock_that_moves_back_and_forth_opens_no_period_twice(
    make: MakeKeeper, clock: FakeClock
) -> None:
    keeper = make(limit(2), ledger="file")
    clock.set("2026-11-23T23:59:50Z")
    keeper.record("gemini", requests=2)
    clock.advance(seconds=20)
    keeper.record("gemini", requests=2)  # the 24th request
    for hours in (-3, 3, -1, 1):
        jump(clock, hours * 3_600 * SECOND)
        with pytest.raises(LimitExceeded):
            keeper.reserve("gemini")
    assert keeper.verify() == []


def test_a_suspended_machine_with_a_frozen_clock_is_no_jump(
    make: MakeKeeper, clock: FakeClock
) -> None:
    keeper = make(limit(1), ledger="file")
    keeper.record("gemini")
    clock.suspend(hours=8)
    with pytest.raises(LimitExceeded) as caught:
        keeper.reserve("gemini")
    assert not isinstance(caught.value, ClockSuspectError)
    clock.suspend(hours=8)
    keeper.reserve("gemini").release()  # it is really the next day
    clock._boot += 3_600 * SECOND  # the wall clock stops for an hour
    keeper.reserve("gemini").release()
    assert keeper.verify() == []


def test_one_process_with_a_wrong_clock_does_not_block_the_others(
    make: MakeKeeper, clock: FakeClock
) -> None:
    good = make(limit(5), ledger="file")
    good.record("gemini")
    near, bad = clock.beside(seconds=40), clock.beside(seconds=86_400)
    second = make(limit(5), ledger="file", clock=near)
    second.reserve("gemini").settle(requests=1)
    third = make(limit(5), ledger="file", clock=bad)
    with pytest.raises(ClockSuspectError):
        third.reserve("gemini")
    third.record("gemini")  # booked, and on today's date
    assert used(good) == 3
    good.reserve("gemini").settle(requests=1)
    assert max(entry.at for entry in good.entries()) == near.now()
    assert good.verify() == []


def test_a_jump_between_two_programs_is_seen_but_not_one_across_a_reboot(
    make: MakeKeeper, clock: FakeClock
) -> None:
    with make(limit(5), ledger="file") as first:
        first.record("gemini")
    jump(clock, 3_600 * SECOND)
    with make(limit(5), ledger="file") as second, pytest.raises(ClockSuspectError):
        second.reserve("gemini")
    clock.restart()
    with make(limit(5), ledger="file") as third:
        third.reserve("gemini").release()


def test_a_clock_that_one_process_accepts_is_accepted_for_all(
    make: MakeKeeper, clock: FakeClock
) -> None:
    keeper = make(limit(1), ledger="file")
    keeper.record("gemini")
    jump(clock, 86_400 * SECOND)
    other = make(limit(1), ledger="file")
    for each in (keeper, other):
        with pytest.raises(ClockSuspectError):
            each.reserve("gemini")
    assert other.accept_clock(why="the battery was dead", by="lan@desk") == 86_400 * SECOND
    keeper.reserve("gemini").settle(requests=1)  # in the new period
    (entry,) = [each for each in keeper.entries() if each.kind is Kind.CLOCK]
    assert entry.notice is not None
    assert (entry.notice.subject, entry.notice.by) == (CLOCK_ACCEPTED, "lan@desk")
    assert (entry.notice.amount, entry.notice.why) == (86_400 * SECOND, "the battery was dead")
    assert keeper.accept_clock() == 0  # nothing to accept, so nothing is written
    assert sum(each.kind is Kind.CLOCK for each in keeper.entries()) == 1
    assert keeper.verify() == []


def test_a_kernel_with_synchronised_time_confirms_a_jump(
    make: MakeKeeper, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    keeper = make(limit(1), ledger="file")
    keeper.record("gemini")
    jump(clock, 86_400 * SECOND)
    clock.confirmed = lambda: clock.now() - 3 * 86_400 * SECOND  # type: ignore[attr-defined]
    with pytest.raises(ClockSuspectError):
        keeper.reserve("gemini")  # the kernel's time is three days earlier
    clock.confirmed = lambda: clock.now() - SECOND  # type: ignore[attr-defined]
    with caplog.at_level(logging.WARNING):
        keeper.reserve("gemini").release()
    assert "confirms that it is right" in caplog.text
    (entry,) = [each for each in keeper.entries() if each.kind is Kind.CLOCK]
    assert entry.notice is not None and entry.notice.by == "the kernel's time service"


def test_a_suspect_clock_is_logged_once(
    make: MakeKeeper, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    keeper = make(limit(5))
    keeper.record("gemini")
    jump(clock, 86_400 * SECOND)
    with caplog.at_level(logging.INFO):
        for _ in range(4):
            with pytest.raises(ClockSuspectError):
                keeper.reserve("gemini")
        jump(clock, -86_400 * SECOND)
        keeper.status()
        keeper.status()
    said = [
        record.message for record in caplog.records if "clock of this machine" in record.message
    ]
    assert ["jumped ahead by 1 d" in each for each in said] == [True, False]
    assert "trusted again" in said[1]


def test_the_bound_of_a_clock_step_is_a_setting(make: MakeKeeper, clock: FakeClock) -> None:
    keeper = make(limit(5), clock_jump_seconds=7_200)
    keeper.record("gemini")
    jump(clock, 7_200 * SECOND)
    keeper.reserve("gemini").release()
    jump(clock, 1)
    with pytest.raises(ClockSuspectError):
        keeper.reserve("gemini")


def test_a_clock_without_a_boot_clock_is_not_checked(make: MakeKeeper, clock: FakeClock) -> None:
    clock.boot = lambda: None  # type: ignore[method-assign]
    keeper = make(limit(1))
    keeper.record("gemini")
    jump(clock, 86_400 * SECOND)
    keeper.reserve("gemini").release()
    with pytest.raises(InvalidInputError, match="no clock that counts the time since boot"):
        keeper.accept_clock()


def test_a_suspect_clock_repeats_a_first_answer_and_starts_no_wait(
    make: MakeKeeper, clock: FakeClock
) -> None:
    keeper = make(limit(5), on_limit="wait", on_busy="wait")
    keeper.reserve("gemini", event_id="a").settle(requests=1)
    jump(clock, 86_400 * SECOND)
    assert keeper.reserve("gemini", event_id="a").event is not None
    with pytest.raises(ClockSuspectError):
        keeper.reserve("gemini")
    assert clock.slept == []


@pytest.mark.parametrize("lease", ["auto", 10])
def test_leases_grant_nothing_while_the_clock_is_suspect(
    make: MakeKeeper, clock: FakeClock, path: Path, lease: object
) -> None:
    keeper = make(limit(1_000), ledger="file", lease=lease)
    for _ in range(5):
        keeper.reserve("gemini").settle(requests=1)
    jump(clock, 86_400 * SECOND)
    for _ in range(5):
        with pytest.raises(ClockSuspectError):
            keeper.reserve("gemini")
    assert used(keeper) == 5
    jump(clock, -86_400 * SECOND)
    keeper.reserve("gemini").settle(requests=1)
    assert used(keeper) == 6
    assert keeper.verify() == []


def test_a_lease_under_a_soft_limit_does_not_move_ledger_time_ahead(
    make: MakeKeeper, clock: FakeClock
) -> None:
    keeper = make(limit(1_000, mode="soft"), ledger="file", lease=10)
    keeper.reserve("gemini").settle(requests=1)
    trusted = clock.now()
    jump(clock, 86_400 * SECOND)
    for _ in range(3):
        keeper.reserve("gemini").settle(requests=1)
    assert used(keeper) == 4
    assert max(entry.at for entry in keeper.entries()) == trusted
    assert keeper.verify() == []
