"""`on_store_failure`: `deny` stops the call; `allow` lets it pass and counts it once, later."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.domain.ledger.commands import Record
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.usage import CallLabels
from quotakeeper.engine.journals.spool import Spool
from quotakeeper.errors import LedgerError, LedgerUnavailableError
from quotakeeper.testing.clock import FakeClock
from tests.engine.conftest import MakeKeeper
from tests.engine.support import GatedStore, config, gated, limit, python, said
from tests.rights import modes_hold

GONE = LedgerUnavailableError("here", "is full")


def spools(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.spool-*"))


def broken(make: MakeKeeper, **more: object) -> tuple[Keeper, GatedStore]:
    keeper = make(limit(100), ledger="file", on_store_failure="allow", **more)
    store = gated(keeper)
    store.error = GONE
    return keeper, store


def test_deny_raises_and_books_nothing(make: MakeKeeper) -> None:
    keeper = make(limit(100))
    store = gated(keeper)
    store.error = GONE
    for use in (keeper.reserve, keeper.record):
        with pytest.raises(LedgerUnavailableError):
            use("gemini")
    store.error = None
    assert list(keeper.events()) == []


def test_a_ledger_that_cannot_be_opened_raises(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with (
        Keeper(tmp_path / "file" / "ledger.db", config(limit(1))) as keeper,
        pytest.raises(LedgerError, match="ledger"),
    ):
        keeper.reserve("gemini")
    (tmp_path / "other.db").write_bytes(b"not a database, but long enough to look like one" * 99)
    with Keeper(tmp_path / "other.db", config(limit(1))) as keeper:
        for _ in range(2):
            with pytest.raises(LedgerError):
                keeper.record("gemini")
    allowing = config(limit(1), on_store_failure="allow")
    with Keeper(tmp_path / "other.db", allowing) as keeper, keeper.reserve("gemini") as call:
        call.settle(requests=1)
    assert len(spools(tmp_path / "other.db")) == 1


def test_allow_spools_a_call_and_replays_it_once(make: MakeKeeper, path: Path) -> None:
    keeper, store = broken(make)
    recorded = keeper.record("gemini", requests=2, event_id="recorded")
    with keeper.reserve("gemini", input_tokens=10, event_id="settled") as call:
        call.mark_sent()
        call.settle(input_tokens=8)
    with keeper.reserve("gemini", event_id="left") as quiet:
        quiet.extend(60)
    with pytest.raises(ZeroDivisionError), keeper.reserve("gemini", event_id="unsent"):
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError), keeper.reserve("gemini", event_id="sent") as call:
        call.mark_sent()
        raise ZeroDivisionError
    keeper.reserve("gemini", event_id="released").release()
    assert recorded.quantities == {"requests": 2}
    (file,) = spools(path)
    assert len([line for line in file.read_text().splitlines() if line]) == 4
    assert file.stat().st_mode & 0o077 == 0

    store.error = None
    assert keeper.status().limits[0].used == 2 + 1 + 1 + 1
    assert spools(path) == []
    by_id = {event.id: event.quantities for event in keeper.events()}
    assert by_id.keys() == {"recorded", "settled", "left", "sent"}
    assert by_id["settled"] == {"input_tokens": 8, "requests": 1}
    assert keeper.verify() == []


def test_the_next_call_replays_the_spool(make: MakeKeeper) -> None:
    keeper, store = broken(make)
    keeper.record("gemini", event_id="spooled")
    store.error = None
    keeper.record("gemini", event_id="next")
    assert {event.id for event in keeper.events()} == {"spooled", "next"}


def test_a_reservation_made_before_a_failure_is_settled_through_the_spool(make: MakeKeeper) -> None:
    keeper, store = broken(make)
    store.error = None
    plain, managed, late = (keeper.reserve("gemini", event_id=name) for name in "abc")
    store.error = GONE
    assert plain.settle(requests=5).id == "a"
    with managed:
        pass
    with late:
        late.settle(requests=2)
    store.error = None
    assert keeper.status().limits[0].used == 5 + 1 + 2
    assert keeper.reservations() == []
    assert keeper.verify() == []


def test_coroutines_spool_too(make: MakeKeeper) -> None:
    keeper, store = broken(make)

    async def work() -> None:
        async with keeper.areserve("gemini") as call:
            await call.amark_sent()
            await call.asettle(requests=2)
        await keeper.arecord("gemini")

    asyncio.run(work())
    store.error = None
    assert keeper.status().limits[0].used == 3


def test_a_ledger_that_blocks_counts_as_failed(make: MakeKeeper) -> None:
    keeper, store = broken(make)
    store.error = None
    store.forget()
    store.before.clear()
    keeper._engine.worker.patience = 0.02
    with keeper.reserve("gemini", event_id="reserved") as call:
        call.settle(requests=2)
    keeper.record("gemini", event_id="recorded")  # may be booked, and is spooled: it counts once
    keeper._engine.worker.patience = 15
    store.before.set()
    assert keeper.status().limits[0].used == 3
    assert keeper.reservations() == []
    assert keeper.verify() == []


def test_a_late_reservation_that_was_released_still_counts_when_settled(make: MakeKeeper) -> None:
    keeper, store = broken(make)
    store.error = None
    store.forget()
    store.after.clear()
    keeper._engine.worker.patience = 0.5  # 0.5 s for a busy worker to take the reservation
    with keeper.reserve("gemini", event_id="job") as call:
        call.settle(requests=2)
    keeper._engine.worker.patience = 15
    store.after.set()
    keeper.status()
    assert {event.id for event in keeper.events()} == {"job~spooled"}
    assert keeper.status().limits[0].used == 2


def test_another_process_replays_a_dead_ones_spool(make: MakeKeeper, path: Path) -> None:
    keeper, store = broken(make)
    for number in range(20):
        keeper.record("gemini", event_id=f"id-{number}")
    (file,) = spools(path)
    text = file.read_text()
    torn = path.with_name(f"{path.name}.spool-999-dead")
    torn.write_text(text + text[:70])  # a copy with a torn last line
    taken = path.with_name(f"{path.name}.spool-998-dead.taken-997-dead")
    taken.write_text("\n\n" + text)  # a copy whose replay a crash interrupted
    code = """
import sys
from quotakeeper import Keeper
with Keeper(sys.argv[1], {"default_limits": False, "timezone": "UTC"}, "process") as keeper:
    keeper.status()
"""
    for child in [python(code, path) for _ in range(3)]:
        said(child)
    store.error = None
    keeper.status()
    assert len(list(keeper.events())) == 20
    assert spools(path) == []


def test_a_crash_in_the_middle_of_a_replay_counts_each_call_once(
    make: MakeKeeper, path: Path
) -> None:
    keeper, store = broken(make)
    for number in range(3):
        keeper.record("gemini", event_id=f"id-{number}")
    code = """
import os, sys
import quotakeeper.engine.journals.spool as spool
from quotakeeper import Keeper
book = spool._book
def cut(spooled, apply):
    book(spooled[:2], apply)
    os._exit(0)
spool._book = cut
Keeper(sys.argv[1], {"default_limits": False, "timezone": "UTC"}, "process").status()
"""
    said(python(code, path))
    assert len(spools(path)) == 1
    store.error = None
    keeper._engine.spool.look()
    keeper.status()
    assert len(list(keeper.events())) == 3
    assert spools(path) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows renames no file that is open")
@pytest.mark.parametrize("begun_anew", [False, True])
def test_a_call_written_to_a_spool_file_that_is_removed_still_counts(
    make: MakeKeeper, path: Path, monkeypatch: pytest.MonkeyPatch, begun_anew: bool
) -> None:
    keeper, store = broken(make)
    opened, taken = os.open, list[str]()

    def open_slowly(name: Any, *more: Any) -> int:
        fd = opened(name, *more)
        if ".spool-" in str(name) and not taken:  # opened, and still empty
            taken.append(str(name))
            make(limit(100), ledger="file").status()  # books the file and removes it
            assert spools(path) == []
            if begun_anew:
                keeper.record("gemini", event_id="another thread's")
        return fd

    monkeypatch.setattr(os, "open", open_slowly)
    keeper.record("gemini", event_id="mine")
    monkeypatch.undo()
    store.error = None
    assert taken and keeper.status().limits[0].used == 1 + begun_anew
    expected = {"mine", "another thread's"} if begun_anew else {"mine"}
    assert {event.id for event in keeper.events()} == expected
    assert spools(path) == []


def test_one_line_that_cannot_be_booked_does_not_block_the_others(
    make: MakeKeeper, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keeper, store = broken(make)
    store.error = None
    keeper.record("gemini", event_id="used", requests=1)
    store.error = GONE
    keeper.record("gemini", event_id="used", requests=9)
    keeper.record("gemini", event_id="good")
    (file,) = spools(path)
    line = json.loads(file.read_text().splitlines()[1])
    file.write_text(file.read_text() + json.dumps({**line, "id": "x", "figures": {}}) + "\n{\n")
    store.error = None
    keeper.status()
    assert {event.id for event in keeper.events()} == {"used", "used~spooled", "good"}
    assert spools(path) == []
    assert "incomplete line" in caplog.text


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_a_folder_without_write_access_keeps_calls_in_memory(make: MakeKeeper, path: Path) -> None:
    with modes_hold():  # the thread that books is started in here
        keeper, store = broken(make)
        path.parent.chmod(0o500)
        try:
            keeper.record("gemini")
            assert spools(path) == []
        finally:
            path.parent.chmod(0o700)
    store.error = None
    assert keeper.status().limits[0].used == 1


def test_a_full_disk_keeps_calls_in_memory(
    make: MakeKeeper, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, store = broken(make)
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:20]))  # then it is full
    keeper.record("gemini", event_id="torn")
    monkeypatch.undo()
    keeper.record("gemini", event_id="whole")
    store.error = None
    assert keeper.status().limits[0].used == 2
    assert spools(path) == []


def test_spooled_calls_count_on_the_day_they_were_made(
    make: MakeKeeper, clock: FakeClock, path: Path
) -> None:
    keeper, store = broken(make)
    made = clock.now()
    keeper.record("gemini", event_id="recorded")
    with keeper.reserve("gemini", event_id="reserved") as call:
        call.settle(requests=1)
    clock.advance(hours=24)
    store.error = None
    assert keeper.status().limits[0].used == 0
    assert {event.id: event.at for event in keeper.events()} == {"recorded": made, "reserved": made}
    assert [row.key for row in keeper.usage(by=("day",))] == [("2026-11-23",)]
    assert spools(path) == []


def test_a_forked_child_neither_books_nor_loses_its_parents_calls_in_memory() -> None:
    labels, figures = CallLabels("gemini", "m"), Figures({"requests": 1})
    spool = Spool(None, "owner")
    spool.add(Record("a", labels, figures))
    assert spool.waiting
    spool.after_fork()
    assert not spool.waiting
    spool.end()
    assert spool.lost.calls == 0
