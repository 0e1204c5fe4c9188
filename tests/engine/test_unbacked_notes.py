"""Notes of calls that pass without a ledger: none is lost when its process is killed, none counts twice."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import Keeper, Provenance, UsageEvent
from quotakeeper.engine.batch_settle import Settlement, note_end, settle_batch
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.testing import FakeClock
from tests.engine.support import config, gated, limit

CALL: dict[str, Any] = {"model": "gemini-2.0-flash", "input_tokens": 10, "output_tokens": 1000}
USED: dict[str, Any] = {"input_tokens": 3, "output_tokens": 4}


def _without_ledger(folder: Path) -> Keeper:
    keeper = _keeper(folder, on_store_failure="allow")
    gated(keeper).error = LedgerUnavailableError("here", "is full")
    return keeper


def _keeper(folder: Path, **more: str) -> Keeper:
    return Keeper(folder / "ledger.db", config(limit(1000), **more), durability="process",
                  on_busy="refuse", clock=FakeClock())  # fmt: skip


def _killed(keeper: Keeper) -> None:
    """Make this keeper's process look killed: unlock its owner mark and its notes."""
    store: Any = keeper._engine.worker.store
    store._mark.close(kept=True)
    for note in keeper._engine.parts.ended._usage_notes.values():
        note.leave()


def _booked(folder: Path) -> list[UsageEvent]:
    """What another process books, which then leaves nothing beside the ledger."""
    with _keeper(folder) as other:
        other.status()
        other.status()
        events = list(other.events())
        assert (other.reservations(), other.verify()) == ([], [])
    assert _files(folder) == []
    return events


def _files(folder: Path) -> list[str]:
    return [
        path.name for path in folder.iterdir() if ".ended-" in path.name or ".spool-" in path.name
    ]


def _sent(keeper: Keeper) -> Any:
    return keeper.reserve("gemini", sent=True, **CALL)


def _settlement(reservation: Any) -> Settlement:
    failures: list[Exception] = []
    return Settlement(reservation, USED, failures.append)


def test_a_call_under_way_is_assumed(tmp_path: Path) -> None:
    dead = _without_ledger(tmp_path)
    calls = [_sent(dead), dead.reserve("gemini", **CALL)]
    calls[1].mark_sent()
    unsent = dead.reserve("gemini", **CALL)
    _killed(dead)
    events = {each.id: each for each in _booked(tmp_path)}
    assert events.keys() == {each.id for each in calls} and unsent.is_open
    assert {each.provenance for each in events.values()} == {Provenance.ASSUMED}
    assert {each.quantities["output_tokens"] for each in events.values()} == {1_000}


@pytest.mark.parametrize("killed", ["after the note", "after the spool"])
def test_a_call_that_has_ended_counts_its_true_figures(tmp_path: Path, killed: str) -> None:
    dead = _without_ledger(tmp_path)
    noted = note_end(_settlement(_sent(dead)))
    if killed == "after the spool":
        settle_batch([noted])
    _killed(dead)
    (event,) = _booked(tmp_path)
    assert (event.id, event.provenance) == (noted.reservation.id, Provenance.REPORTED)
    assert event.quantities["output_tokens"] == 4


def test_a_note_that_outlives_the_spooled_call_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = _without_ledger(tmp_path)
    call = _sent(dead)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda *_, **__: None)  # it is killed just before
        call.settle(**USED)
    assert len(_files(tmp_path)) == 2
    _killed(dead)
    (event,) = _booked(tmp_path)
    assert event.quantities["output_tokens"] == 4


ENDS: dict[str, Callable[[Any], object]] = {
    "settled": lambda call: call.settle(**USED),
    "released": lambda call: call.release(),
    "left": lambda call: call.__exit__(None, None, None),
    "left by an error": lambda call: call.__exit__(OSError, OSError(), None),
}


@pytest.mark.parametrize("end", ENDS)
def test_an_end_removes_the_note(tmp_path: Path, end: str) -> None:
    keeper = _without_ledger(tmp_path)
    call = _sent(keeper)
    assert len(_files(tmp_path)) == 1
    ENDS[end](call)
    assert [name for name in _files(tmp_path) if ".ended-" in name] == []
    keeper.close()
    assert len(_booked(tmp_path)) == (end != "released")


def test_a_call_that_ends_after_its_keeper_is_closed_counts_once(tmp_path: Path) -> None:
    keeper = _without_ledger(tmp_path)
    call = _sent(keeper)
    gate: Any = keeper._engine.worker.store
    gate.error = None  # the ledger is back
    keeper.close()
    assert len(_files(tmp_path)) == 1
    call.settle(**USED)
    (event,) = _booked(tmp_path)
    assert event.quantities["output_tokens"] == 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks are POSIX")
def test_a_forked_child_does_not_remove_its_parents_note(tmp_path: Path) -> None:
    keeper = _without_ledger(tmp_path)
    call = _sent(keeper)
    child = os.fork()
    if child == 0:
        call.__exit__(OSError, OSError(), None)
        os._exit(0)
    os.waitpid(child, 0)
    assert len(_files(tmp_path)) == 1
    call.settle(**USED)
    keeper.close()
    assert len(_booked(tmp_path)) == 1


def test_a_folder_that_takes_no_note_does_not_stop_the_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = _without_ledger(tmp_path)

    def full(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(keeper._engine.parts.ended, "usage_note", full)
        call = _sent(keeper)
        note_end(_settlement(call))
    call.settle(**USED)
    keeper.close()
    assert len(_booked(tmp_path)) == 1
