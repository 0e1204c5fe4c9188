"""Leases: calls admitted in memory, from slices that the ledger has set aside, never beyond a limit."""

from __future__ import annotations

import asyncio
import gc
import os
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import InvalidInputError, Keeper, LimitExceeded, Provenance
from quotakeeper.clocks import SystemClock
from quotakeeper.domain.ledger.entries import Kind
from quotakeeper.engine.leases.lease import FILE_TERM, TERM_SECONDS
from quotakeeper.engine.leases.lease_table import TICK_SECONDS
from quotakeeper.engine.leases.leased_reservation import LeasedReservation
from quotakeeper.engine.reservation import Reservation
from quotakeeper.errors import (
    ClockSuspectError,
    ConfigError,
    LedgerUnavailableError,
    ReservationClosedError,
)
from quotakeeper.testing import FakeClock
from tests.engine.conftest import MakeKeeper
from tests.engine.support import config, gated, limit, until

CALL: dict[str, Any] = {"model": "gemini-2.0-flash", "input_tokens": 100, "output_tokens": 20}
USED: dict[str, Any] = {"input_tokens": 90, "output_tokens": 10}
LEDGERS = pytest.mark.parametrize("ledger", ["memory:", "file"])


def tend(keeper: Keeper) -> None:
    """Run the worker's upkeep as if some time had passed."""
    assert keeper._engine.leases is not None
    leases = keeper._engine.leases
    keeper._engine.worker.ask(lambda store, now: leases.tend(store, now, at_once=True))


def reserve(keeper: Keeper, **more: Any) -> Reservation:
    return keeper.reserve("gemini", **{**CALL, **more})


def journals(path: Path) -> list[str]:
    return sorted(name for name in os.listdir(path.parent) if ".lease-" in name)


def standing(keeper: Keeper) -> list[tuple[int, int]]:
    return [(each.used, each.reserved) for each in keeper.status().limits]


def kinds(keeper: Keeper) -> list[str]:
    return [str(entry.kind) for entry in keeper.entries()]


@LEDGERS
def test_a_lease_is_one_reservation_and_its_calls_are_part_of_it(
    make: MakeKeeper, ledger: str, path: Path
) -> None:
    keeper = make(limit(1_000), ledger=ledger, lease=10)
    calls = [reserve(keeper) for _ in range(3)]
    assert all(type(call) is LeasedReservation for call in calls)
    assert standing(keeper) == [(0, 10)] and kinds(keeper) == ["reserve"]
    assert bool(journals(path)) is (ledger == "file")
    event = calls[0].settle(**USED)
    assert (event.quantities, event.provenance) == ({**USED, "requests": 1}, "reported")
    assert list(keeper.events()) == [event] == [calls[0].event]
    assert kinds(keeper) == ["reserve", "draw", "settle"] and standing(keeper) == [(1, 9)]
    for call in calls[1:]:
        call.settle(**USED)
    keeper.close()
    assert journals(path) == []


@LEDGERS
def test_a_closed_keeper_has_given_all_leases_back(
    make: MakeKeeper, ledger: str, path: Path
) -> None:
    keeper = make(limit(1_000), ledger=ledger, lease=10)
    reserve(keeper).settle(**USED)
    store = keeper._engine.worker.store
    keeper.close()
    if ledger == "file":
        keeper = make(limit(1_000), ledger=ledger)
        assert standing(keeper) == [(1, 0)] and keeper.verify() == [] == journals(path)
    else:
        assert store.holds() == [] and store.verify() == []


def test_slices_shrink_near_a_limit_and_the_last_call_is_admitted(make: MakeKeeper) -> None:
    keeper = make(limit(400), lease=1_000)
    sizes = []
    for number in range(400):
        reserve(keeper).settle(**USED)
        sizes.append(sum(hold.quantities["requests"] for hold in keeper.reservations()))
        assert standing(keeper)[0][0] == number + 1
    assert sizes[0] == 99 and max(sizes) == 99 and sizes[-15:] == [0] * 15
    with pytest.raises(LimitExceeded) as caught:
        reserve(keeper)
    assert caught.value.remaining == 0 and standing(keeper) == [(400, 0)]
    assert keeper.verify() == []


def test_every_limit_applies_to_a_lease(make: MakeKeeper) -> None:
    tokens = limit(12_000, name="tokens", meter="tokens")
    mine = limit(64, name="mine", scope={"project": "a"})
    keeper = make(limit(10**6), tokens, mine, lease=100)
    first = reserve(keeper)
    (hold,) = [hold for hold in keeper.reservations() if hold.is_lease]
    assert hold.quantities["input_tokens"] == 100 * 24  # a quarter of 12,000 is enough for 25 calls
    second = reserve(keeper, scope={"project": "a"})
    assert sorted(h.quantities["requests"] for h in keeper.reservations() if h.is_lease) == [15, 24]
    first.release()
    second.release()


def test_calls_of_different_sizes_share_a_lease_which_grows(make: MakeKeeper) -> None:
    keeper = make(limit(10**6), lease=10)
    reserve(keeper).settle(**USED)
    call = keeper.reserve("gemini", model="gemini-2.0-flash", thought_tokens=7,
                          quantities={"input_tokens@audio": 3})  # fmt: skip
    assert type(call) is LeasedReservation
    call.settle(thought_tokens=7, quantities={"input_tokens@audio": 3})
    assert kinds(keeper) == ["reserve", "draw", "settle", "grow", "draw", "settle"]
    again = keeper.reserve("gemini", model="gemini-2.0-flash", thought_tokens=7,
                           quantities={"input_tokens@audio": 3})  # fmt: skip
    again.release()
    assert kinds(keeper).count("grow") == 1


@LEDGERS
def test_a_released_call_leaves_no_entry_and_its_room_is_free(
    make: MakeKeeper, ledger: str
) -> None:
    keeper = make(limit(1_000), ledger=ledger, lease=4)
    for _ in range(40):
        reserve(keeper).release()
    assert kinds(keeper) == ["reserve"]
    with pytest.raises(RuntimeError), reserve(keeper):
        raise RuntimeError
    call = reserve(keeper)
    del call
    gc.collect()
    keeper.status()
    assert kinds(keeper) == ["reserve"] and standing(keeper) == [(0, 4)]


def test_a_call_that_an_exception_leaves_after_sending_is_assumed(make: MakeKeeper) -> None:
    keeper = make(limit(1_000), lease=10)
    with pytest.raises(RuntimeError), reserve(keeper) as call:
        call.mark_sent()
        raise RuntimeError
    with pytest.raises(RuntimeError), reserve(keeper, sent=True):
        raise RuntimeError
    with reserve(keeper):
        pass
    found = [(event.provenance, event.quantities["input_tokens"]) for event in keeper.events()]
    assert found == [(Provenance.ASSUMED, 100)] * 2 + [(Provenance.ESTIMATED, 100)]


def test_a_leased_call_ends_once(make: MakeKeeper) -> None:
    keeper = make(limit(1_000), lease=10)
    call = reserve(keeper)
    event = call.settle(**USED)
    assert call.settle(**USED) == event and not call.is_open
    for verb in (call.release, call.mark_sent, lambda: call.settle(input_tokens=1)):
        with pytest.raises(ReservationClosedError):
            verb()
    with pytest.raises(InvalidInputError, match="input_tokens"):
        reserve(keeper).settle(input_tokens=-1)
    assert len(list(keeper.events())) == 1


def test_a_call_that_grows_is_first_written_to_the_ledger(make: MakeKeeper) -> None:
    keeper = make(limit(4_000, meter="tokens"), lease=4)
    with reserve(keeper) as call:
        assert call.grow(output_tokens=50).allowed
        with pytest.raises(LimitExceeded):
            call.grow(output_tokens=4_000)
        assert call.hold.quantities["output_tokens"] == 70
        call.settle(input_tokens=100, output_tokens=70)
    assert standing(keeper)[0][0] == 170
    # The refused growth first called the lease back.
    assert kinds(keeper) == ["reserve", "draw", "grow", "release", "settle"]


def test_a_call_that_is_open_for_long_is_written_to_the_ledger(
    make: MakeKeeper, clock: FakeClock
) -> None:
    keeper = make(limit(1_000), ledger="file", lease=10)
    call = reserve(keeper, ttl_seconds=60.0)
    clock.advance(seconds=1)
    tend(keeper)
    assert [hold.id for hold in keeper._engine.worker.store.holds()][1:] == [call.id]
    call.extend(600)
    clock.advance(seconds=300)
    tend(keeper)
    call.settle(**USED)
    assert standing(keeper) == [(1, 0)] and keeper.verify() == []


def test_reservations_lists_the_lease_and_its_open_calls(make: MakeKeeper) -> None:
    keeper = make(limit(1_000), lease=10)
    call = reserve(keeper)
    lease, hold = keeper.reservations()
    assert (lease.is_lease, lease.quantities["requests"]) == (True, 9)
    assert (hold.id, hold.is_lease) == (call.id, False)
    keeper.settle(call.id, **USED)
    with pytest.raises(ReservationClosedError):
        call.settle(input_tokens=1)
        keeper._engine.worker.ask(lambda store, now: None)
        raise ReservationClosedError("", "", "")
    assert [event.quantities["input_tokens"] for event in keeper.events()] == [90]


# -- calls that get no lease


def test_a_call_with_the_callers_own_id_is_reserved_without_a_lease(make: MakeKeeper) -> None:
    keeper = make(limit(1_000), lease=10)
    reserve(keeper).settle(**USED)
    event = reserve(keeper, event_id="mine").settle(**USED)
    again = reserve(keeper, event_id="mine")
    assert type(again) is Reservation and again.event == event
    leased = next(iter(keeper.events()))
    replay = reserve(keeper, event_id=leased.id)  # the id of a leased call
    assert replay.event == leased


def test_a_call_without_a_price_is_reserved_without_a_lease(make: MakeKeeper) -> None:
    keeper = make(limit(1_000), lease=10)
    assert type(keeper.reserve("gemini", model="gemini-unheard-of", input_tokens=5)) is Reservation
    assert type(keeper.reserve("anthropic", input_tokens=5)) is Reservation


def test_wrong_arguments_give_the_same_error_as_without_a_lease(make: MakeKeeper) -> None:
    keeper = make(limit(1_000), lease=10)
    reserve(keeper)
    for wrong in ({"input_tokens": -1}, {"words": 3}, {"scope": "x"}, {"options": {"tier": "no"}},
                  {"quantities": 5}, {"quantities": {"input_tokens": []}}, {"scope": {"a": []}},
                  {"ttl_seconds": -1}, {"operation": 5}):  # fmt: skip
        with pytest.raises(InvalidInputError):
            reserve(keeper, **wrong)


def test_rare_calls_get_no_lease(make: MakeKeeper, clock: FakeClock) -> None:
    keeper = make(limit(10**6), lease="auto")
    for _ in range(3):
        assert type(reserve(keeper)) is Reservation
        clock.advance(minutes=1)
    assert type(reserve(keeper)) is Reservation
    clock.advance(seconds=0.5)
    assert type(reserve(keeper)) is LeasedReservation


def test_lease_sizes_follow_the_call_rate(make: MakeKeeper, clock: FakeClock) -> None:
    keeper = make(limit(10**6), lease="auto")
    reserve(keeper)
    clock.advance(seconds=0.2)
    for _ in range(200):
        reserve(keeper).release()
        reserve(keeper).settle(**USED)
    fast = [e.figures.quantities["requests"] for e in keeper.entries()
            if e.kind in (Kind.RESERVE, Kind.GROW) and e.figures][1:]  # fmt: skip
    assert fast[:3] == [32, 64, 128]
    for _ in range(600):
        clock.advance(seconds=0.04)
        reserve(keeper).settle(**USED)
    slow = [e.figures.quantities["requests"] for e in keeper.entries()
            if e.kind in (Kind.RESERVE, Kind.GROW) and e.figures]  # fmt: skip
    assert slow[-1] < max(slow)
    assert keeper.verify() == []


def test_the_lease_setting_is_checked() -> None:
    for wrong in (3, 10_001, "some", True, 2.5, "", -4):
        with pytest.raises(ConfigError, match="lease"):
            Keeper("memory:", config(), lease=wrong)  # type: ignore[arg-type]
    for right in ("off", "auto", 4, "10000"):
        keeper = Keeper("memory:", config(), lease=right)
        assert (keeper._engine.leases is None) is (right == "off")


# -- terms of leases


def test_an_idle_lease_is_given_back(make: MakeKeeper, clock: FakeClock, path: Path) -> None:
    keeper = make(limit(1_000), ledger="file", lease=10)
    reserve(keeper).settle(**USED)
    tend(keeper)
    clock.advance(seconds=0.4)
    tend(keeper)
    assert standing(keeper) == [(1, 9)]
    under_way = reserve(keeper)
    tend(keeper)
    clock.advance(seconds=0.6)
    tend(keeper)
    assert standing(keeper) == [(1, 1)]  # its calls were written to the ledger before
    under_way.settle(**USED)
    assert standing(keeper) == [(2, 0)]
    tend(keeper)
    assert (
        journals(path) == []
        and keeper._engine.leases is not None
        and not keeper._engine.leases.active
    )


def test_a_lease_in_use_is_renewed(make: MakeKeeper, clock: FakeClock) -> None:
    keeper = make(limit(1_000), ledger="file", lease=1_000)
    for _ in range(100):
        reserve(keeper).settle(**USED)
        tend(keeper)
        clock.advance(seconds=0.4)
    assert kinds(keeper).count("extend") == 9 and kinds(keeper).count("reserve") == 1
    assert keeper.verify() == []


def test_a_process_that_was_stopped_past_its_term_admits_nothing_on_its_lease(
    make: MakeKeeper, clock: FakeClock
) -> None:
    keeper = make(limit(40), ledger="file", lease=10)
    other = make(limit(40), ledger="file")
    reserve(keeper).settle(**USED)
    assert standing(keeper) == standing(other) == [(1, 9)]
    clock.advance(seconds=TERM_SECONDS + 1)  # both clocks advance while no process runs
    assert standing(other)[0][1] == 9
    other._engine.worker.ask(other._engine.worker.maintenance.sweep)
    assert standing(other) == [(1, 0)]
    for _ in range(39):
        reserve(other).settle(**USED)
    with pytest.raises(LimitExceeded):
        reserve(keeper)
    assert standing(keeper) == [(40, 0)] and keeper.verify() == []


@pytest.mark.parametrize("hours", [-3, 3])
def test_setting_the_clock_does_not_extend_a_lease(
    make: MakeKeeper, clock: FakeClock, hours: int
) -> None:
    keeper = make(limit(1_000), ledger="file", lease=10)
    key_before = reserve(keeper).settle(**USED).id[:20]
    if hours < 0:
        clock.advance(hours=hours)  # only the wall clock
        clock.advance(seconds=FILE_TERM.drawn_on)
    else:
        clock._now += hours * 3_600_000_000
        with pytest.raises(ClockSuspectError):  # not from the lease, and nothing else is granted
            reserve(keeper)
        clock._now -= hours * 3_600_000_000
        clock.advance(seconds=FILE_TERM.drawn_on)
    assert reserve(keeper).id[:20] != key_before
    assert keeper.verify() == []


def test_calls_count_on_the_day_in_which_their_lease_was_granted(
    make: MakeKeeper, clock: FakeClock
) -> None:
    clock.set("2026-11-23T23:59:58Z")
    keeper = make(limit(100), ledger="file", lease=10)
    late = reserve(keeper)
    clock.advance(seconds=1)
    tend(keeper)
    assert reserve(keeper).settle(**USED).at == clock.now()
    clock.advance(seconds=1)
    today = reserve(keeper)
    assert today.hold.at == clock.now()
    event = late.settle(**USED)
    today.settle(**USED)
    assert standing(keeper) == [(1, 9)]
    assert [e.at for e in keeper.events() if e.id == event.id] == [event.at]
    yesterday = [event for event in keeper.events() if event.at < clock.now()]
    assert len(yesterday) == 2 and keeper.verify() == []


def test_no_lease_is_granted_at_the_very_end_of_a_period(
    make: MakeKeeper, clock: FakeClock
) -> None:
    clock.set("2026-11-23T23:59:59.950Z")
    keeper = make(limit(100), lease=10)
    assert type(reserve(keeper)) is Reservation


def test_a_lease_in_a_rolling_window_lasts_a_part_of_the_window(
    make: MakeKeeper, clock: FakeClock
) -> None:
    keeper = make(limit(100, window="rolling 20s"), lease=10)
    first = reserve(keeper).settle(**USED).id[:20]
    clock.advance(seconds=4.9)
    assert reserve(keeper).settle(**USED).id[:20] == first
    clock.advance(seconds=0.1)
    assert reserve(keeper).settle(**USED).id[:20] != first
    short = make(limit(100, window="rolling 9s"), lease=10)
    assert type(reserve(short)) is Reservation


def test_a_clock_set_back_does_not_extend_a_lease_beyond_its_part_of_a_window(
    make: MakeKeeper, clock: FakeClock
) -> None:
    def lease() -> str:
        reserve(keeper).settle(**USED)
        (hold,) = [hold for hold in keeper.reservations() if hold.is_lease]
        return hold.id

    keeper = make(limit(100, window="rolling 20s"), lease=10)
    first = lease()
    clock.advance(hours=-1)  # only the wall clock: by it, the lease lasts an hour longer
    clock.advance(seconds=4.9)
    assert lease() == first
    clock.advance(seconds=0.1)
    assert lease() != first
    assert keeper.verify() == []


# -- leases of other processes


class Patient(FakeClock):
    """A clock that runs the other keepers' upkeep of leases during each sleep."""

    def __init__(self) -> None:
        super().__init__("2026-11-23T12:00:00Z")
        self.others: list[Keeper] = []

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        for keeper in self.others:
            tend(keeper)


def test_slices_of_other_processes_come_back_before_a_refusal(make: MakeKeeper) -> None:
    patient = Patient()
    keeper, other = (make(limit(100), ledger="file", lease=20, clock=patient) for _ in range(2))
    patient.others.append(keeper)
    for _ in range(2):
        reserve(keeper).settle(**USED)
    admitted = 0
    with pytest.raises(LimitExceeded) as caught:
        while True:
            reserve(other).settle(**USED)
            admitted += 1
            if admitted == 80:
                assert sum(reserved for _, reserved in standing(keeper)) == 18
    assert admitted == 98 and caught.value.remaining == 0
    assert sum(patient.slept) < 0.4  # called back, so not found only when idle
    assert standing(keeper) == [(100, 0)] and keeper.verify() == []


def test_a_call_that_could_never_fit_calls_no_lease_back(make: MakeKeeper) -> None:
    patient, small = Patient(), limit(3, name="small", meter="searches")
    keeper = make(limit(100), small, ledger="file", lease=20, clock=patient)
    other = make(limit(100), small, ledger="file", clock=patient)
    for _ in range(2):
        reserve(keeper).settle(**USED)
    for wrong in ({"requests": 101}, {"requests": 90, "searches": 4}):
        with pytest.raises(LimitExceeded):
            reserve(other, **wrong)
    assert patient.slept == [] and standing(keeper)[0] == (2, 18)


def test_a_keeper_ignores_a_callback_from_before_its_lease(make: MakeKeeper) -> None:
    patient = Patient()
    keeper, other = (make(limit(100), ledger="file", lease=20, clock=patient) for _ in range(2))
    patient.others.append(keeper)
    reserve(keeper).settle(**USED)
    call = other.reserve("gemini", model="gemini-2.0-flash", requests=90)  # this calls leases back
    assert standing(keeper) == [(1, 90)]
    call.release()
    patient.advance(minutes=1)
    for each in (keeper, other):
        reserve(each).settle(**USED)
        tend(each)
    assert standing(keeper) == [(3, 37)]  # 20, and a quarter of 79, less one each


def test_a_keeper_without_leases_calls_other_leases_back(make: MakeKeeper) -> None:
    system = SystemClock()
    keeper = make(limit(100), ledger="file", lease=20, clock=system)
    other = make(limit(100), ledger="file", clock=system)
    reserve(keeper).settle(**USED)

    async def draw() -> int:
        for number in range(1_000):
            try:
                call = await other.areserve("gemini", **CALL)
            except LimitExceeded:
                return number
            await call.asettle(**USED)
        return -1

    assert asyncio.run(draw()) == 99
    assert standing(other) == [(100, 0)]


def test_growth_calls_leases_back(make: MakeKeeper) -> None:
    tokens, patient = limit(12_000, meter="tokens"), Patient()
    keeper = make(tokens, ledger="file", lease=20, clock=patient)
    other = make(tokens, ledger="file", clock=patient)
    patient.others.append(keeper)
    reserve(keeper).settle(**USED)
    call = other.reserve("gemini", model="gemini-2.0-flash", input_tokens=1)
    assert call.grow(input_tokens=12_000 - 100 - 1).allowed  # the other lease was for 20 calls
    with pytest.raises(LimitExceeded):
        call.grow(input_tokens=1)


def test_leases_of_other_operations_are_called_back_before_a_refusal(make: MakeKeeper) -> None:
    keeper = make(limit(100), lease=20)
    for operation in ("a", "b", "c"):
        reserve(keeper, operation=operation).settle(**USED)
    assert standing(keeper)[0][1] > 30
    admitted = 3
    with pytest.raises(LimitExceeded):
        while True:
            reserve(keeper, operation="d").settle(**USED)
            admitted += 1
    assert admitted == 100


def test_a_process_that_does_not_answer_is_waited_for_only_for_a_while(
    make: MakeKeeper, clock: FakeClock
) -> None:
    keeper = make(limit(100), ledger="file", lease=20)
    other = make(limit(100), ledger="file", on_busy="refuse")
    reserve(keeper).settle(**USED)
    keeper.status()
    assert keeper._engine.worker._turn.wait()  # its worker gets no turn, as if it were stopped
    try:
        before, admitted = clock.monotonic(), 0
        with pytest.raises(LimitExceeded) as caught:
            while True:
                reserve(other).settle(**USED)
                admitted += 1
        assert admitted == 80 and caught.value.decision.blocking.reserved == 19
        assert 1.9 < clock.monotonic() - before < 3
        clock.advance(seconds=TERM_SECONDS)
        reserve(other).settle(**USED)  # the other lease's term has ended
    finally:
        keeper._engine.worker._turn.end()
    assert standing(other) == [(82, 0)]


# -- policies


def test_a_leased_call_warns_when_it_is_booked(make: MakeKeeper) -> None:
    told: list[str] = []
    keeper = make(limit(100), lease=20, on_warning=lambda v: told.append(keeper.status() and "x"))
    for _ in range(40):
        reserve(keeper).settle(**USED)
    keeper.status()
    assert told == []
    for _ in range(40):
        reserve(keeper).settle(**USED)
    keeper.status()
    until(lambda: told == ["x"])


def test_a_leased_call_warns_of_use_beyond_its_reservation(make: MakeKeeper) -> None:
    told: list[str] = []
    keeper = make(limit(10_000, meter="tokens"), lease=4, on_warning=lambda v: told.append("x"))
    reserve(keeper).settle(input_tokens=9_000)
    keeper.status()
    until(lambda: told == ["x"])


@pytest.mark.parametrize("mode", ["soft", "shadow"])
def test_soft_and_shadow_limits_do_not_refuse_leased_calls(make: MakeKeeper, mode: str) -> None:
    keeper = make(limit(10, mode=mode), lease=20)
    for _ in range(30):
        reserve(keeper).settle(**USED)
    assert standing(keeper)[0][0] == 30 and kinds(keeper).count("reserve") == 1
    warns = make(limit(10), lease=20, on_limit="warn")
    for _ in range(30):
        reserve(warns).settle(**USED)
    assert standing(warns)[0][0] == 30
    last = reserve(warns)
    assert last.decision.allowed and not last.decision.warnings[0].fits


def test_a_ledger_that_does_not_answer_does_not_delay_leased_calls(make: MakeKeeper) -> None:
    keeper = make(limit(1_000), ledger="file", lease=10)
    call = reserve(keeper)
    store = gated(keeper)
    store.error = LedgerUnavailableError("here", "is full")
    call.settle(**USED)
    for _ in range(9):
        reserve(keeper).settle(**USED)
    with pytest.raises(LedgerUnavailableError):
        reserve(keeper)
    assert list(keeper.events()) == []
    store.error = None
    assert len(list(keeper.events())) == 10 and standing(keeper) == [(10, 0)]
    reserve(keeper).settle(**USED)
    assert keeper.verify() == []


def test_a_leased_call_that_is_let_through_is_spooled(make: MakeKeeper) -> None:
    keeper = make(limit(1_000), ledger="file", lease=4, on_store_failure="allow")
    calls = [reserve(keeper) for _ in range(4)]
    store = gated(keeper)
    store.error = LedgerUnavailableError("here", "is full")
    spooled = reserve(keeper)
    for call in (*calls, spooled):
        call.settle(**USED)
    store.error = None
    assert keeper.status().limits[0].used == 5


def test_a_damaged_lease_is_found_and_its_use_is_counted(
    make: MakeKeeper, clock: FakeClock
) -> None:
    keeper = make(limit(1_000), ledger="file", lease=10)
    other = make(limit(1_000), ledger="file")
    calls = [reserve(keeper) for _ in range(2)]
    (lease,) = [hold for hold in other.reservations() if hold.is_lease]
    other.release(lease.id)
    calls[0].settle(**USED)
    for _ in range(10):
        reserve(keeper).settle(**USED)
    calls[1].settle(**USED)
    assert standing(keeper)[0][0] == 12 and keeper.verify() == []
    clock.advance(seconds=0.2)
    assert type(reserve(keeper)) is LeasedReservation  # on a new lease


def test_another_ledger_at_the_same_path_gets_the_use(make: MakeKeeper, path: Path) -> None:
    keeper = make(limit(1_000), ledger="file", lease=10)
    call = reserve(keeper)
    keeper.status()
    for name in os.listdir(path.parent):
        if name == "ledger.db" or name.endswith(("-wal", "-shm")):
            os.rename(path.parent / name, path.parent / f"old-{name}")
    event = call.settle(**USED)
    assert list(keeper.events()) == [event]


# -- asyncio, forks, the end of the program


def test_an_awaited_leased_call_waits_for_nothing(make: MakeKeeper) -> None:
    keeper = make(limit(1_000), ledger="file", lease=20)
    reserve(keeper).settle(**USED)
    store = gated(keeper)

    async def run() -> None:
        store.before.clear()  # a call that asks the ledger would block now
        async with keeper.areserve("gemini", **CALL) as call:
            await call.amark_sent()
            await call.asettle(**USED)
        with pytest.raises(RuntimeError):
            async with keeper.areserve("gemini", **CALL) as call:
                await call.amark_sent()
                raise RuntimeError
        await (await keeper.areserve("gemini", **CALL)).arelease()
        with pytest.raises(asyncio.CancelledError):
            async with keeper.areserve("gemini", **CALL):
                raise asyncio.CancelledError
        async with keeper.areserve("gemini", **CALL):
            pass
        call = await keeper.areserve("gemini", **CALL)
        await call.aextend(5)
        store.before.set()
        await call.agrow(input_tokens=1)
        await call.asettle(**USED)

    try:
        asyncio.run(run())
    finally:
        store.before.set()
    found = [str(event.provenance) for event in keeper.events()]
    assert sorted(found) == ["assumed", "estimated", *["reported"] * 3]
    assert keeper.verify() == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks are of POSIX")
def test_a_forked_child_has_no_lease_and_may_settle_its_parents_call(
    make: MakeKeeper, path: Path
) -> None:
    keeper = make(limit(1_000), ledger="file", lease=10)
    mine, given = reserve(keeper), reserve(keeper)
    pid = os.fork()
    if not pid:
        try:
            assert keeper._engine.leases is not None and not keeper._engine.leases.active
            given.settle(**USED)
            reserve(keeper).settle(**USED)
            keeper.close()
            os._exit(0)
        except BaseException:  # noqa: BLE001 - it must never return into pytest
            os._exit(1)
    assert os.waitpid(pid, 0)[1] == 0
    mine.settle(**USED)
    given.mark_sent()
    del given
    gc.collect()
    assert standing(keeper) == [(3, 8)] and keeper.verify() == []
    keeper.close()
    assert journals(path) == []


def test_a_closed_keeper_says_so_to_a_leased_call(make: MakeKeeper) -> None:
    keeper = make(limit(1_000), ledger="file", lease=10)
    left, sent = reserve(keeper), reserve(keeper, sent=True)
    keeper.close()
    for call in (left, sent):
        with pytest.raises(LedgerUnavailableError, match="closed"):
            call.settle(**USED)
    with pytest.raises(LedgerUnavailableError, match="closed"):
        reserve(keeper)
    again = make(limit(1_000), ledger="file")
    (event,) = again.events()
    assert (event.id, event.provenance) == (sent.id, Provenance.ASSUMED)
    assert standing(again) == [(1, 0)]


def test_the_worker_tends_leases_without_a_caller(path: Path) -> None:
    with Keeper(path, config(limit(1_000)), "process", lease=10) as keeper:
        reserve(keeper).settle(**USED)
        other = Keeper(path, config(limit(1_000)), "process")
        until(lambda: standing(other) == [(1, 0)])  # booked, and the idle lease is given back
        other.close()
    assert TICK_SECONDS < 1
