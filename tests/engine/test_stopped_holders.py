"""A holder of leases stops at each step. Another process ends its leases and uses the remaining room.

Both are keepers on one ledger file. Where the holder stops, the other one runs. In some
cases a clock has jumped ahead for both: a stopped process, a suspended machine. In others only the other
process's clock is wrong, while the holder is in the middle of its work.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import Keeper, LimitExceeded, Provenance
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.engine.journals import fence as fences
from quotakeeper.engine.journals import process_journal
from quotakeeper.engine.journals.lease_journal import JournalSegment, segments
from quotakeeper.engine.journals.segments import Segments
from quotakeeper.engine.leases.lease import TERM_SECONDS
from quotakeeper.engine.leases.leased_reservation import LeasedReservation
from quotakeeper.testing import FakeClock
from tests.engine.conftest import MakeKeeper
from tests.engine.support import config, limit
from tests.engine.test_leases import USED, journals, reserve, standing, tend

AMOUNT = 60


def sweep(keeper: Keeper) -> None:
    keeper._engine.worker.ask(keeper._engine.worker.maintenance.sweep)


def used_up(keeper: Keeper) -> int:
    """Reserve until a call is refused. Returns how many calls were admitted."""
    count = 0
    with suppress(LimitExceeded):
        while True:
            reserve(keeper).settle(**USED)
            count += 1
    return count


class Stopped:
    """A holder, and another process that takes over when the holder reaches the chosen step."""

    def __init__(self, holder: Keeper, other: Keeper, clocks: list[FakeClock]) -> None:
        self.holder, self.other, self.clocks = holder, other, clocks
        self.at: tuple[str, int] | None = None
        self.seen: dict[str, int] = {}
        self.others = self.mine = 0
        self.happened = False
        self.then: Callable[[], object] = lambda: None

    def here(self, step: str) -> None:
        """Call this when the holder reaches a step."""
        self.seen[step] = self.seen.get(step, 0) + 1
        if self.at == (step, self.seen[step]):
            self.happened = True
            for clock in self.clocks:
                clock.advance(seconds=TERM_SECONDS + 1)
            sweep(self.other)
            self.then()
            self.others += used_up(self.other)

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make a step of each line of the holder's journal, and of the moments around each commit."""
        append = JournalSegment.append

        def appended(segment: JournalSegment, line: str) -> None:
            self.here(f"before line {line[1]}")
            append(segment, line)
            self.here(f"after line {line[1]}")

        monkeypatch.setattr(JournalSegment, "append", appended)
        self.holder.status()
        worker, stopped = self.holder._engine.worker, self
        store: Any = worker.store

        class Store:
            def apply(self, commands: Any, now: int) -> Any:
                names = dict.fromkeys(type(command).__name__ for command in commands)
                for name in names:
                    stopped.here(f"before {name}")
                outcomes = store.apply(commands, now)
                for name in names:
                    stopped.here(f"after {name}")
                return outcomes

            def __getattr__(self, name: str) -> Any:
                return getattr(store, name)

        worker.store = Store()

    def call(self) -> Any:
        """Make one call of the holder. Returns None if it is refused."""
        try:
            call = reserve(self.holder)
        except LimitExceeded:
            return None
        self.mine += 1
        self.here("admitted")
        return call

    def live(self, clock: FakeClock) -> None:
        """The life of a lease: granted, used, grown, renewed, cut, idle, given back."""
        calls: list[Any] = []
        for round_ in range(4):
            calls += [self.call() for _ in range(3)]
            for call in [each for each in calls if each][:2]:
                call.mark_sent()
                self.here("sent")
                call.settle(**USED)
                self.here("settled")
                calls.remove(call)
            released = self.call()
            if released is not None:
                released.release()
                self.mine -= 1
                self.here("released")
            if round_ != 2:
                clock.advance(seconds=1.5 if round_ else 4.1)
            tend(self.holder)
            self.here("tended")
        for call in [each for each in calls if each]:
            call.settle(**USED)
        clock.advance(seconds=1)
        tend(self.holder)
        self.others += used_up(self.other)
        self.mine += used_up(self.holder)


STEPS = (
    *[(f"{when} line {kind}", number) for when in ("before", "after") for kind, number in
      (("A", 1), ("A", 4), ("A", 11), ("S", 1), ("S", 5), ("R", 1), ("R", 3), ("L", 1))],
    *[(f"{when} {command}", number) for when in ("before", "after") for command, number in
      (("Reserve", 1), ("Grow", 1), ("Extend", 1), ("Draw", 1), ("Draw", 3), ("Settle", 2),
       ("Release", 1))],
    *[(step, number) for step in ("admitted", "sent", "settled", "released", "tended")
      for number in (1, 3)],
)  # fmt: skip


@pytest.fixture(params=["both clocks", "the other's clock"])
def stopped(
    request: pytest.FixtureRequest, make: MakeKeeper, clock: FakeClock
) -> Iterator[Stopped]:
    wrong = FakeClock("2026-11-23T12:00:00Z")
    both = request.param == "both clocks"
    # A call without room is refused at once, because waiting would not end while the clock stands
    # still.
    holder = make(limit(AMOUNT), ledger="file", lease=10, on_busy="refuse")
    other = make(limit(AMOUNT), ledger="file", clock=clock if both else wrong, on_busy="refuse")
    yield Stopped(holder, other, [clock] if both else [wrong])


@pytest.mark.parametrize("at", STEPS, ids=lambda at: f"{at[0]} {at[1]}")
def test_a_holder_stopped_at_any_step_admits_no_more_than_the_limit(
    stopped: Stopped, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, at: tuple[str, int],
    path: Path,
) -> None:  # fmt: skip
    stopped.watch(monkeypatch)
    stopped.at = at
    stopped.live(clock)
    assert stopped.happened, stopped.seen
    admitted = stopped.mine + stopped.others
    assert admitted <= AMOUNT
    stopped.holder.close()
    # All calls were settled: none counts twice, and none counts that was not admitted.
    assert standing(stopped.other) == [(admitted, 0)]
    assert admitted == AMOUNT, "what the holder did not use came back"
    assert stopped.other.verify() == []
    assert stopped.other.reservations() == [] and journals(path) == []


@pytest.mark.parametrize("at", ["before line A", "after line A", "admitted", "before Release"])
def test_a_second_process_that_fences_finds_nothing_to_give_back(
    stopped: Stopped, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, make: MakeKeeper, at: str
) -> None:
    second = make(limit(AMOUNT), ledger="file", clock=stopped.clocks[0], on_busy="refuse")

    def again() -> None:
        for keeper in (second, stopped.other, second):
            sweep(keeper)

    stopped.then = again
    stopped.watch(monkeypatch)
    stopped.at = (at, 1)
    stopped.live(clock)
    admitted = stopped.mine + stopped.others
    assert stopped.happened and admitted == AMOUNT
    stopped.holder.close()
    assert standing(second) == [(AMOUNT, 0)] and second.verify() == []


def test_two_processes_that_fence_at_once_book_each_call_once(
    make: MakeKeeper, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder, first, second = (
        make(limit(AMOUNT), ledger="file", **more) for more in ({"lease": 10}, {}, {})
    )
    for _ in range(3):
        reserve(holder).settle(**USED)
    left = reserve(holder)
    for keeper in (first, second):
        keeper.status()
    clock.advance(seconds=TERM_SECONDS + 1)
    fence = fences.fence

    def interrupted(ledger: Path, owner: str) -> None:
        fence(ledger, owner)
        monkeypatch.setattr(fences, "fence", fence)
        sweep(second)  # fences again, reads, gives the room back; then the first reads on

    monkeypatch.setattr(fences, "fence", interrupted)
    sweep(first)
    assert standing(first) == [(3, 1)]
    left.settle(**USED)
    tend(holder)
    assert used_up(first) == AMOUNT - 4 and standing(second) == [(AMOUNT, 0)]
    holder.close()
    assert standing(first) == [(AMOUNT, 0)] and first.verify() == []


# -- the fence


def test_a_lease_from_before_the_fence_admits_nothing_and_the_next_one_does(
    make: MakeKeeper, path: Path
) -> None:
    keeper = make(limit(AMOUNT), ledger="file", lease=10)
    reserve(keeper).settle(**USED)
    (owner,) = segments(path)
    fences.fence(path, owner)
    call = reserve(keeper)
    assert type(call) is LeasedReservation
    kinds = [str(entry.kind) for entry in keeper.entries()]
    assert kinds.count("reserve") == 2 and kinds.count("release") == 2  # a lease, and a call on it
    call.settle(**USED)
    assert standing(keeper) == [(2, 9)] and keeper.verify() == []


def test_the_fence_is_read_before_the_ledger_is_asked(
    stopped: Stopped, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped.watch(monkeypatch)
    stopped.at = ("after Reserve", 1)
    assert stopped.call() is None and stopped.others == AMOUNT  # the limit is used up


def test_a_call_admitted_before_the_fence_is_read(
    make: MakeKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = FakeClock("2026-11-23T12:00:00Z")
    # A call without room is refused at once, because waiting would not end while the clock stands
    # still.
    holder = make(limit(AMOUNT), ledger="file", lease=10, on_busy="refuse")
    other = make(limit(AMOUNT), ledger="file", clock=ahead)
    calls = [reserve(holder)]
    other.status()
    ahead.advance(seconds=TERM_SECONDS + 1)
    fence = fences.fence

    def late(ledger: Path, owner: str) -> None:
        calls.append(reserve(holder))
        fence(ledger, owner)

    monkeypatch.setattr(fences, "fence", late)
    sweep(other)
    assert standing(other) == [(0, 2)] and used_up(other) == AMOUNT - 2
    for call in calls:
        call.settle(**USED)
    tend(holder)
    assert standing(other) == [(AMOUNT, 0)] and other.verify() == []


def test_the_fence_exists_as_long_as_the_journal(
    make: MakeKeeper, clock: FakeClock, path: Path
) -> None:
    keeper = make(limit(AMOUNT), ledger="file", lease=10)
    reserve(keeper).settle(**USED)
    assert [name for name in journals(path) if name.endswith(".fence")]
    if os.name == "posix":
        name = next(name for name in journals(path) if name.endswith(".fence"))
        found = os.stat(path.with_name(name))
        assert (found.st_size, found.st_mode & 0o777) == (fences.TOKEN_BYTES, 0o600)
    tend(keeper)
    clock.advance(seconds=0.9)
    tend(keeper)
    assert journals(path) == []
    reserve(keeper).settle(**USED)
    assert len(journals(path)) == 2
    keeper.close()
    assert journals(path) == []


def test_without_a_fence_there_is_no_lease(
    make: MakeKeeper, monkeypatch: pytest.MonkeyPatch, path: Path
) -> None:
    keeper = make(limit(AMOUNT), ledger="file", lease=10)

    def full(fd: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "full")

    keeper.status()
    monkeypatch.setattr(fences.os, "write", full)  # type: ignore[attr-defined]
    call = reserve(keeper)
    monkeypatch.undo()
    assert type(call) is not LeasedReservation and journals(path) == []


@pytest.mark.parametrize("how", ["missing", "short", "forbidden", "a link", "no journal"])
def test_a_holder_that_cannot_be_fenced_has_its_lease_assumed_and_corrects_it(
    make: MakeKeeper, clock: FakeClock, path: Path, how: str, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    holder, other = make(limit(AMOUNT), ledger="file", lease=10), make(limit(AMOUNT), ledger="file")
    calls = [reserve(holder) for _ in range(4)]
    calls[0].settle(**USED)
    assert standing(other) == [(0, 10)]
    fence = path.with_name(next(name for name in journals(path) if name.endswith(".fence")))
    if how == "missing":
        fence.unlink()
    elif how == "short":
        fence.unlink()
        fence.write_bytes(b"1234567")
    elif how == "a link":
        fence.unlink()
        (path.parent / "elsewhere").write_bytes(b"12345678")
        fence.symlink_to(path.parent / "elsewhere")
    elif how == "forbidden":

        def forbidden(*_: object) -> None:
            raise PermissionError(errno.EACCES, "somebody else's")

        monkeypatch.setattr(fences, "fence", forbidden)
    else:
        monkeypatch.setattr(process_journal, "read_ours", lambda *_: 1 / 0)
    clock.advance(seconds=TERM_SECONDS + 1)
    sweep(other)
    monkeypatch.undo()
    assert standing(other) == [(10, 0)] and "cannot be locked and read" in caplog.text
    if how == "a link":
        assert (path.parent / "elsewhere").read_bytes() == b"12345678"
    (rest,) = other.events()
    assert (rest.provenance, rest.quantities["requests"]) == (Provenance.ASSUMED, 10)
    assert used_up(other) == AMOUNT - 10
    for call in calls[1:]:  # the holder continues
        call.settle(**USED)
    tend(holder)
    assert standing(other) == [(AMOUNT - 6, 0)]  # four calls; the rest came back once
    assert used_up(other) == 6 and used_up(holder) == 0
    assert other.verify() == [] and holder.verify() == []
    holder.close()
    assert standing(other) == [(AMOUNT, 0)]


def test_the_journal_of_a_dead_holder_corrects_its_assumed_lease(
    make: MakeKeeper, clock: FakeClock, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder, other = make(limit(AMOUNT), ledger="file", lease=10), make(limit(AMOUNT), ledger="file")
    for _ in range(2):
        reserve(holder).settle(**USED)
    under_way = reserve(holder)
    other.status()
    monkeypatch.setattr(process_journal, "read_ours", lambda *_: 1 / 0)
    clock.advance(seconds=TERM_SECONDS + 1)
    sweep(other)
    monkeypatch.undo()
    assert standing(other) == [(10, 0)]
    with died(path, clock) as heir:
        assert standing(heir) == [(3, 0)] and heir.verify() == []
        known = sorted((str(e.provenance), e.quantities.get("requests", 0)) for e in heir.events())
        assert known == [("assumed", 0), ("assumed", 1), ("reported", 1), ("reported", 1)]
    under_way.settle(**USED)


class died:
    """A keeper of another process on a copy of the files as they are now."""

    def __init__(self, path: Path, clock: FakeClock) -> None:
        folder = path.parent / f"copy-{len(os.listdir(path.parent))}"
        folder.mkdir()
        for source in [each for each in path.parent.iterdir() if each.is_file()]:
            shutil.copy(source, folder / source.name)
        shutil.copytree(path.parent / "ledger.db-owners", folder / "ledger.db-owners")
        self.keeper = Keeper(folder / path.name, config(limit(AMOUNT)), "process", clock=clock)

    def __enter__(self) -> Keeper:
        return self.keeper

    def __exit__(self, *_: object) -> None:
        self.keeper.close()


@pytest.mark.parametrize("step", ["before line A", "after line A", "before line R", "after line R"])
def test_a_holder_that_dies_after_its_fence_has_admitted_no_more(
    stopped: Stopped, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, path: Path, step: str
) -> None:
    """Its journal may have a line of a call that it would have refused."""
    stopped.watch(monkeypatch)
    deaths: list[tuple[list[tuple[int, int]], list[Any]]] = []
    here = stopped.here
    alive = [True]  # the worker may run too; pop() is atomic

    def dying(at: str) -> None:
        here(at)
        if stopped.happened and alive and alive.pop():
            with died(path, stopped.clocks[0]) as heir:
                assert used_up(heir) == 0
                deaths.append((standing(heir), heir.verify()))

    monkeypatch.setattr(stopped, "here", dying)
    stopped.at = (step, 2 if "A" in step else 1)
    stopped.live(clock)
    assert deaths == [([(AMOUNT, 0)], [])]


def test_a_line_written_after_the_fence_counts_nothing_after_a_death(
    make: MakeKeeper, clock: FakeClock, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder, other = make(limit(AMOUNT), ledger="file", lease=10), make(limit(AMOUNT), ledger="file")
    reserve(holder).settle(**USED)
    other.status()
    append, found = JournalSegment.append, list[list[tuple[int, int]]]()

    def appended(segment: JournalSegment, line: str) -> None:
        if line.startswith("\nA") and not found:
            clock.advance(seconds=TERM_SECONDS + 1)
            sweep(other)
            assert used_up(other) == AMOUNT - 1
            append(segment, line)
            with died(path, clock) as heir:
                found.append(standing(heir))
            return
        append(segment, line)

    monkeypatch.setattr(JournalSegment, "append", appended)
    assert used_up(holder) == 0
    assert found == [[(AMOUNT, 0)]] and standing(other) == [(AMOUNT, 0)]


def test_a_lease_with_a_call_that_could_not_be_booked_is_assumed(
    make: MakeKeeper, clock: FakeClock
) -> None:
    holder, other = make(limit(AMOUNT), ledger="file", lease=10), make(limit(AMOUNT), ledger="file")
    call = reserve(holder)
    other.record("gemini", event_id=call.id, model="gemini-2.0-flash")  # uses the call's id
    clock.advance(seconds=TERM_SECONDS + 1)
    sweep(other)
    assert standing(other) == [(11, 0)]
    call.release()
    tend(holder)
    assert standing(other) == [(1, 0)] and other.verify() == []


# -- giving a lease back


def test_a_call_that_ends_while_its_lease_is_given_back_is_booked_first(
    make: MakeKeeper, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = make(limit(AMOUNT), ledger="file", lease=10)
    call = reserve(keeper)
    leases: Any = keeper._engine.leases
    drain = leases.drain

    def drained(store: Any, now: int) -> None:
        drain(store, now)
        if leases._returning and not call._ended:  # another thread runs in between
            call.settle(**USED)

    monkeypatch.setattr(leases, "drain", drained)
    clock.advance(seconds=TERM_SECONDS + 1)
    sweep(keeper)
    monkeypatch.undo()
    assert standing(keeper) == [(1, 0)]
    kinds = [str(entry.kind) for entry in keeper.entries()]
    assert kinds == ["reserve", "draw", "release", "settle"] and keeper.verify() == []


def test_the_end_of_a_call_stays_in_the_journal_as_long_as_its_start(path: Path) -> None:
    parts = Segments(path, "owner")
    assert parts.ready(0.0)
    first = parts.current
    assert first is not None
    first.append("\nA")
    assert parts.turn(1.0, {first}, True, []) == []
    second = parts.current
    assert second is not None and second is not first
    second.append("\nR")
    assert parts.turn(2.0, {first}, True, []) == []
    assert parts.turn(2.5, set(), True, []) == [first, second]


# -- the holder's own clock


def test_a_holder_gives_its_own_overdue_lease_back(make: MakeKeeper, clock: FakeClock) -> None:
    keeper = make(limit(AMOUNT), ledger="file", lease=10)
    for _ in range(3):
        reserve(keeper).settle(**USED)
    under_way = reserve(keeper)
    clock.advance(seconds=TERM_SECONDS + 1)
    sweep(keeper)
    assert standing(keeper) == [(3, 1)]
    kinds = [str(entry.kind) for entry in keeper.entries()]
    assert "expire" not in kinds and "assume" not in kinds
    under_way.settle(**USED)
    assert standing(keeper) == [(4, 0)] and keeper.verify() == []


def test_a_lease_whose_grant_was_never_received_comes_back(
    make: MakeKeeper, clock: FakeClock
) -> None:
    keeper = make(limit(AMOUNT), ledger="file", lease=10)
    keeper.status()
    store = keeper._engine.worker.store
    (first,) = [reserve(keeper)]
    (lease,) = [hold for hold in store.holds() if hold.is_lease]
    unheard = c.Reserve(f"{lease.id[:-1]}x", lease.labels, Figures({"requests": 9}, 0), (),
                        store.owner, 1)  # fmt: skip
    keeper._engine.worker.carry_out(unheard)
    first.settle(**USED)
    assert standing(keeper) == [(1, 18)]
    clock.advance(seconds=TERM_SECONDS + 1)
    sweep(keeper)
    assert standing(keeper) == [(1, 0)] and keeper.verify() == []


def test_a_keeper_in_memory_gives_its_overdue_lease_back(
    make: MakeKeeper, clock: FakeClock
) -> None:
    keeper = make(limit(AMOUNT), lease=10)
    reserve(keeper).settle(**USED)
    clock.advance(seconds=TERM_SECONDS + 1)
    sweep(keeper)
    assert standing(keeper) == [(1, 0)]
