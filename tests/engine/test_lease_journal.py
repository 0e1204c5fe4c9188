"""The journal of leases: wherever a process dies, every amount that it used is counted."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quotakeeper import Keeper, LimitExceeded, Provenance
from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.usage import CallLabels, Outcome
from quotakeeper.engine.journals import process_journal, replay
from quotakeeper.engine.journals.lease_journal import (
    JournalSegment,
    LineKind,
    admitted_ending,
    ended_line,
    lease_line,
    read_lines,
    settled_line,
)
from quotakeeper.engine.leases.leased_reservation import LeasedReservation
from quotakeeper.engine.reservation import Reservation
from quotakeeper.stores.sqlite.store import SqliteStore
from quotakeeper.testing import FakeClock
from tests.engine.conftest import MakeKeeper
from tests.engine.support import config, limit
from tests.engine.test_leases import USED, journals, reserve, standing, tend

LABELS = CallLabels("gemini", "gemini-2.0-flash", "dịch", (("project", 'a "b"\n;'),))
QUANTITIES = st.dictionaries(
    st.sampled_from(["input_tokens", "output_tokens", "input_tokens@audio", "requests"]),
    st.integers(1, 10**12),
).map(lambda found: dict(sorted(found.items())))
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
FIGURES = st.builds(
    Figures, QUANTITIES, st.none() | st.integers(0, 10**18), TEXTS, st.sampled_from(Provenance),
    st.sampled_from(Outcome), TEXTS, st.none() | st.integers(0, 10**9), TEXTS,
)  # fmt: skip


@given(FIGURES, FIGURES)
def test_a_line_is_read_as_it_was_written(asked: Figures, used: Figures) -> None:
    text = (
        lease_line("lease:1", LABELS, b"fenced by")
        + f"\n{LineKind.ADMITTED} one 17 {admitted_ending('lease:1', 60, asked)}"
        + settled_line("one", used) + ended_line(LineKind.ASSUMED, "two")
        + ended_line(LineKind.RELEASED, "three")
    )  # fmt: skip
    read = list(read_lines(text))
    assert not any(isinstance(line, str) for line in read)
    lease, admitted, settled, assumed, released = read
    assert (lease.id, lease.labels, lease.token) == ("lease:1", LABELS, b"fenced by")  # type: ignore[union-attr]
    assert (admitted.id, admitted.at, admitted.lease, admitted.ttl_us, admitted.figures) == (  # type: ignore[union-attr]
        "one", 17, "lease:1", 60, asked,
    )  # fmt: skip
    assert (settled.what, settled.figures) == (LineKind.SETTLED, used)  # type: ignore[union-attr]
    assert [assumed.what, released.what] == [LineKind.ASSUMED, LineKind.RELEASED]  # type: ignore[union-attr]


@given(FIGURES, st.data())
def test_a_torn_line_is_skipped_and_later_lines_are_read(figures: Figures, data: Any) -> None:
    line = settled_line("one", figures)
    cut = data.draw(st.integers(2, len(line) - 1))
    read = list(read_lines(line[:cut] + ended_line(LineKind.RELEASED, "two") + "\n\0\0\0"))
    assert [type(each) for each in read][:1] == [str] and read[-1].id == "two"  # type: ignore[union-attr]


@pytest.mark.parametrize("line", [
    "A", "A one", "A one 5 lease 6 - - requests=1 [];", "A one -5 lease 6 - - requests=1 " + "[]",
    'S one - - requests=-1 ["", "reported", "ok", "", ""];', "Z one ;", "L lease {};", "L lease [1];",
    'S one - - requests=1 ["", "heard", "ok", "", ""];', 'S one x - a=1 ["", "", "", "", ""];',
    'S one - - requests=1 ["\\ud800", "reported", "ok", "", ""];', "\ufffd\ufffd;", "S one 1 1 a [" * 99,
])  # fmt: skip
def test_lines_of_other_kinds_are_skipped(line: str) -> None:
    assert [isinstance(each, str) for each in read_lines(line)] == [True]


# -- a process dies: its files are copied as they are, and another process opens the copy


def parts(path: Path) -> list[str]:
    return [name for name in journals(path) if not name.endswith(".fence")]


class Scene:
    """A keeper with a lease. Copies of its files show the disk as a death at that moment would leave it."""

    def __init__(self, keeper: Keeper, path: Path, clock: FakeClock) -> None:
        self.keeper, self.path, self.clock = keeper, path, clock
        self.made: list[Keeper] = []
        self.copies = 0

    def died(self, **more: Any) -> Keeper:
        """A keeper of another process on a copy of the files as they are now."""
        self.copies += 1
        folder = self.path.parent / f"copy-{self.copies}"
        folder.mkdir()
        for name in os.listdir(self.path.parent):
            source = self.path.parent / name
            if source.is_file():
                shutil.copy(source, folder / name)
        marks = folder / "ledger.db-owners"
        shutil.copytree(self.path.parent / "ledger.db-owners", marks)  # no process has a lock there
        keeper = Keeper(folder / "ledger.db", config(limit(1_000)), "process",
                        clock=self.clock, **more)  # fmt: skip
        self.made.append(keeper)
        return keeper

    def after(self, **more: Any) -> tuple[list[tuple[int, int]], list[str]]:
        """The limit's figures after a death now, and how each event is known.

        The ledger is verified. A second death with a second replay of the journal gives the same.
        """
        keeper = self.died(**more)
        found = standing(keeper), sorted(str(event.provenance) for event in keeper.events())
        assert keeper.verify() == [] and keeper.reservations() == []
        folder = self.path.parent / f"copy-{self.copies}"
        assert journals(folder / "ledger.db") == []
        return found


@pytest.fixture
def scene(make: MakeKeeper, path: Path, clock: FakeClock) -> Iterator[Scene]:
    made = Scene(make(limit(1_000), ledger="file", lease=10), path, clock)
    yield made
    for keeper in made.made:
        keeper.close()


def test_a_death_at_any_step_loses_no_use(scene: Scene) -> None:
    keeper = scene.keeper
    first = reserve(keeper)
    assert scene.after() == ([(1, 0)], ["assumed"])  # admitted: the request may be out
    first.settle(**USED)
    assert scene.after() == ([(1, 0)], ["reported"])  # ended, and not yet in the ledger
    keeper.status()
    assert scene.after() == ([(1, 0)], ["reported"])  # in the ledger, and still in the journal
    second = reserve(keeper)
    second.release()
    third = reserve(keeper, sent=True)
    assert scene.after() == ([(2, 0)], ["assumed", "reported"])
    scene.clock.advance(seconds=1)
    tend(keeper)  # in the ledger; the idle lease is given back and the journal cut
    assert scene.after() == ([(2, 0)], ["assumed", "reported"])
    third.settle(**USED)
    assert scene.after() == ([(2, 0)], ["reported", "reported"])
    with pytest.raises(RuntimeError), reserve(keeper, sent=True):
        raise RuntimeError
    assert scene.after() == ([(3, 0)], ["assumed", "reported", "reported"])
    keeper.close()
    assert scene.after() == ([(3, 0)], ["assumed", "reported", "reported"])


def test_a_call_whose_start_and_end_are_in_two_journal_parts_counts_once(scene: Scene) -> None:
    keeper = scene.keeper
    calls = [reserve(keeper) for _ in range(3)]
    scene.clock.advance(seconds=0.4)
    reserve(keeper).settle(**USED)
    tend(keeper)
    scene.clock.advance(seconds=0.45)
    calls.append(reserve(keeper))
    tend(keeper)
    calls[0].settle(**USED)
    calls[3].settle(**USED)
    scene.clock.advance(seconds=0.2)
    reserve(keeper).settle(**USED)
    assert scene.after() == ([(6, 0)], ["assumed"] * 2 + ["reported"] * 4)
    tend(keeper)  # the first three are in the ledger, and their journal part is cut
    assert scene.after() == ([(6, 0)], ["assumed"] * 2 + ["reported"] * 4)
    calls[1].settle(**USED)
    assert scene.after() == ([(6, 0)], ["assumed"] + ["reported"] * 5)


def test_a_journal_part_stays_while_only_it_has_a_call(scene: Scene) -> None:
    reserve(scene.keeper).settle(**USED)
    tend(scene.keeper)
    scene.clock.advance(seconds=0.45)
    reserve(scene.keeper).settle(**USED)
    tend(scene.keeper)
    scene.clock.advance(seconds=0.45)
    under_way = reserve(scene.keeper)
    scene.clock.advance(seconds=0.15)
    tend(scene.keeper)  # a new part has begun; this call is too recent for the ledger
    assert len(parts(scene.path)) == 2
    assert scene.after() == ([(3, 0)], ["assumed", "reported", "reported"])
    under_way.settle(**USED)
    assert scene.after() == ([(3, 0)], ["reported"] * 3)
    tend(scene.keeper)
    assert len(parts(scene.path)) == 1


def test_a_journal_replayed_twice_and_by_two_processes_counts_once(scene: Scene) -> None:
    for _ in range(3):
        reserve(scene.keeper).settle(**USED)
    reserve(scene.keeper, sent=True)._ended = True  # keeps a reference as the process died
    other = scene.died()
    folder = Path(other._engine.worker.store.name).parent
    kept = {name: (folder / name).read_bytes() for name in journals(folder / "ledger.db")}
    assert kept and standing(other) == [(4, 0)]
    for name, data in kept.items():
        (folder / name).write_bytes(data)
    other._engine.worker.ask(other._engine.worker.maintenance.sweep)
    assert standing(other) == [(4, 0)] and len(list(other.events())) == 4
    assert other.verify() == [] and journals(folder / "ledger.db") == []


def test_a_torn_last_line_was_never_admitted(scene: Scene) -> None:
    call = reserve(scene.keeper)
    call.settle(**USED)
    (name,) = parts(scene.path)
    whole = (scene.path.parent / name).read_bytes()
    begin = whole.index(b"\nA "), whole.index(b"\nS ")
    for end in {*range(begin[0], len(whole), 7), *begin, len(whole)}:
        with open(scene.path.parent / name, "r+b") as file:
            file.truncate(0)
            file.write(whole[:end])
        admitted = end >= begin[1]
        known = "reported" if end == len(whole) else "assumed"
        assert scene.after() == (([(1, 0)], [known]) if admitted else ([(0, 0)], []))


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions are of POSIX")
def test_an_unreadable_journal_leaves_the_lease_until_its_term_and_then_assumes_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve(scene.keeper).settle(**USED)
    read = Path.read_text

    def refused(self: Path, *more: Any, **named: Any) -> str:
        if ".lease-" in self.name:
            raise PermissionError(errno.EACCES, "somebody else's")
        return read(self, *more, **named)

    monkeypatch.setattr(process_journal, "read_ours", refused)
    other = scene.died()
    assert standing(other) == [(0, 10)] and len(parts(Path(other._engine.worker.store.name))) == 1
    scene.clock.advance(seconds=11)
    other._engine.worker.ask(other._engine.worker.maintenance.sweep)
    assert standing(other) == [(10, 0)]  # nobody knows what was used, so all of it counts
    monkeypatch.undo()
    other._engine.worker.ask(other._engine.worker.maintenance.sweep)
    assert standing(other) == [(1, 0)] and other.verify() == []


@pytest.mark.parametrize("durability", ["power", "process"])
def test_after_a_power_cut_the_rest_of_a_power_durable_lease_is_assumed(
    make: MakeKeeper, path: Path, clock: FakeClock, durability: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "boot_id", lambda: "thisboot")
    keeper = make(limit(1_000), ledger="file", lease=10, durability=durability)
    scene = Scene(keeper, path, clock)
    reserve(keeper).settle(**USED)
    other = scene.died()
    assert standing(other) == [(1, 0)]  # the process died, the machine did not
    other.close()
    for boot in ("another1", ""):  # "": the machine reports no boot id
        monkeypatch.setattr(replay, "boot_id", lambda boot=boot: boot)
        other = scene.died()
        if durability == "power":
            assert standing(other) == [(10, 0)]
            rest = next(iter(other.events()))
            assert (rest.provenance, rest.quantities["requests"]) == (Provenance.ASSUMED, 9)
            assert "power" in rest.note
        else:
            assert standing(other) == [(1, 0)]
        assert other.verify() == []
        other.close()


def test_without_a_boot_id_the_rest_of_a_lease_is_assumed(
    make: MakeKeeper, path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open

    def silent(file: Any, *more: Any, **named: Any) -> Any:
        if str(file).endswith("boot_id"):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        return opened(file, *more, **named)

    monkeypatch.setattr("builtins.open", silent)
    keeper = make(limit(1_000), ledger="file", lease=10, durability="power")
    reserve(keeper).settle(**USED)
    scene = Scene(keeper, path, clock)
    # A power cut is possible, and it may have removed the end of the journal.
    assert scene.after() == ([(10, 0)], ["assumed", "reported"])
    scene.made[0].close()


def test_a_ledger_restored_from_a_backup_gets_the_use_from_the_journal(scene: Scene) -> None:
    reserve(scene.keeper).settle(**USED)
    under_way = reserve(scene.keeper)
    folder = scene.path.parent / "copy"
    folder.mkdir()
    (name,) = parts(scene.path)
    shutil.copy(scene.path.parent / name, folder / name)
    other = Keeper(folder / "ledger.db", config(limit(1_000)), "process", clock=scene.clock)
    assert standing(other) == [(2, 0)] and under_way.is_open
    assert sorted(str(e.provenance) for e in other.events()) == ["assumed", "reported"]
    assert other.verify() == []
    other.close()


# -- a full disk


def test_a_full_disk_makes_ordinary_reservations(
    make: MakeKeeper, monkeypatch: pytest.MonkeyPatch, clock: FakeClock
) -> None:
    keeper = make(limit(1_000), ledger="file", lease=10)
    before = reserve(keeper)
    append = JournalSegment.append

    def full(self: JournalSegment, line: str) -> None:
        append(self, line[: len(line) // 2])  # the part that still fits
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(JournalSegment, "append", full)
    assert type(reserve(keeper)) is Reservation
    before.settle(**USED)
    monkeypatch.undo()
    assert [event.id for event in keeper.events()] == [before.id]
    clock.advance(seconds=2)
    tend(keeper)
    assert standing(keeper) == [(1, 0)]
    assert type(reserve(keeper)) is LeasedReservation and keeper.verify() == []


def test_a_line_that_was_written_in_part_is_skipped(
    make: MakeKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = make(limit(1_000), ledger="file", lease=10)
    reserve(keeper).settle(**USED)
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:-9]))
    call = reserve(keeper)
    monkeypatch.undo()
    assert type(call) is Reservation
    call.settle(**USED)
    assert standing(keeper)[0][0] == 2


@pytest.mark.parametrize("awaited", [False, True])
def test_a_call_written_to_a_journal_part_that_is_removed_is_booked_first(
    make: MakeKeeper, awaited: bool
) -> None:
    keeper, other = make(limit(1_000), ledger="file", lease=10), make(limit(1_000), ledger="file")
    call = reserve(keeper)
    assert keeper._engine.leases is not None and keeper._engine.leases._segments.current is not None
    keeper._engine.leases._segments.current.gone = True  # the worker removes the part in between
    if awaited:
        asyncio.run(call.asettle(**USED))
    else:
        call.settle(**USED)
    assert [event.id for event in other.events()] == [call.id]


def test_without_a_journal_there_is_no_lease(
    make: MakeKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = make(limit(1_000), ledger="file", lease=10)

    def full(self: JournalSegment, path: Path, ledger: Path) -> None:
        self._fd = -1
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(JournalSegment, "__init__", full)
    assert type(reserve(keeper)) is Reservation


# -- random operations, and a death at any moment


STEPS = st.lists(
    st.sampled_from(["reserve", "sent", "settle", "release", "raise", "drop", "tend", "status",
                     "wait", "grow", "long"]), max_size=30,
)  # fmt: skip


class Model:
    """The least and the most that must be counted, from the results of the operations."""

    def __init__(self) -> None:
        self.open: list[Any] = []
        self.settled = self.assumed = 0


def step(name: str, keeper: Keeper, clock: FakeClock, model: Model) -> None:
    if name in ("reserve", "sent"):
        model.open.append(reserve(keeper, sent=name == "sent"))
    elif name == "tend":
        tend(keeper)
    elif name == "status":
        keeper.status()
    elif name in ("wait", "long"):
        clock.advance(seconds=0.3 if name == "wait" else 6)
    elif model.open:
        call = model.open.pop(0)
        end(name, call, model)


def end(name: str, call: Any, model: Model) -> None:
    if name == "settle":
        call.settle(**USED)
        model.settled += 1
    elif name == "release":
        call.release()
    elif name == "grow":
        call.grow(output_tokens=1)
        call.settle(**USED)
        model.settled += 1
    else:
        model.assumed += call._sent
        if name == "raise":
            with pytest.raises(RuntimeError), call:
                raise RuntimeError


@settings(max_examples=60, deadline=None)
@given(STEPS, st.integers(4, 20))
def test_a_death_after_random_operations_loses_nothing(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str], size: int
) -> None:
    path = tmp_path_factory.mktemp("steps") / "ledger.db"
    clock = FakeClock("2026-11-23T12:00:00Z")
    keeper = Keeper(path, config(limit(1_000)), "process", clock=clock, lease=size)
    keeper._engine.worker.maintenance.tend = lambda store: None  # type: ignore[method-assign]
    keeper.status()
    scene, model = Scene(keeper, path, clock), Model()
    try:
        for name in steps:
            step(name, keeper, clock, model)
        dead = scene.died()
        (used, reserved), count = standing(dead)[0], model.settled + model.assumed
        # Open ordinary calls that were not sent are released.
        assert count <= used <= count + len(model.open) and reserved == 0
        assert sum(event.provenance == "reported" for event in dead.events()) == model.settled
        assert dead.verify() == []
        for call in model.open:
            call.settle(**USED)
        assert standing(keeper)[0][0] == count + len(model.open) and keeper.verify() == []
    finally:
        keeper.close()
        for each in scene.made:
            each.close()
    last = SqliteStore(path, zone_named, owner="last")
    assert last.holds() == [] and journals(path) == []
    last.close()


def test_a_used_up_limit_stays_used_up_after_any_death(scene: Scene) -> None:
    admitted = 0
    with pytest.raises(LimitExceeded):
        while True:
            call = reserve(scene.keeper, sent=True)
            admitted += 1
            if admitted % 3:
                call.settle(**USED)
            else:
                call._ended = True  # keeps it open
            if admitted % 331 == 0:
                assert scene.after()[0] == [(admitted, 0)]
    assert admitted == 1_000
