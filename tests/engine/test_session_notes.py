"""Notes of open sessions: if a process dies during a session, its note has what the session used so far."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import Keeper, Provenance
from quotakeeper.domain.usage import Outcome
from quotakeeper.engine.batch_settle import OpenSession
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.testing import FakeClock
from tests.engine.support import GatedStore, config, gated, limit

BLOCK: dict[str, Any] = {"model": "nova-3", "operation": "listen", "sent": True}


GONE = LedgerUnavailableError("here", "is full")


def _keeper(folder: Path, lease: str = "off", **more: str) -> Keeper:
    return Keeper(
        folder / "ledger.db", config(limit(1000, provider="deepgram"), **more),
        durability="process", on_busy="refuse", clock=FakeClock(), lease=lease,
    )  # fmt: skip


def _held(keeper: Keeper) -> list[Any]:
    first = keeper.reserve("deepgram", audio_seconds=60, **BLOCK)
    return [first, keeper.reserve("deepgram", requests=0, audio_seconds=60, **BLOCK)]


def _used(seconds: int) -> dict[str, Any]:
    return {
        "quantities": {"requests": 1, "audio_milliseconds": seconds * 1_000},
        "provenance": Provenance.ESTIMATED, "outcome": Outcome.UNKNOWN, "note": "x" * (10 - seconds),
    }  # fmt: skip


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if ".ended-" in path.name)


def _dead(keeper: Keeper) -> None:
    """Make this keeper's process look killed: unlock its owner mark and its notes."""
    store: Any = keeper._engine.worker.store
    store._mark.close(kept=True)
    _unlock(keeper)


def _unlock(keeper: Keeper) -> None:
    for note in keeper._engine.parts.ended._usage_notes.values():
        note.leave()


@pytest.mark.parametrize("lease", ["off", "auto"])
def test_another_process_books_the_notes_of_a_dead_one(tmp_path: Path, lease: str) -> None:
    dead = _keeper(tmp_path, lease)
    held, session = _held(dead), OpenSession()
    for seconds in (1, 2, 3):  # each note is shorter than the one before
        session.write(held[: max(1, seconds - 1)], _used(seconds))
    assert len(_files(tmp_path)) == 1
    _dead(dead)
    with _keeper(tmp_path) as other:
        other.status()
        (event,) = other.events()
        assert (event.id, event.quantities["audio_milliseconds"]) == (held[0].id, 3_000)
        assert (event.provenance, event.outcome) == (Provenance.ESTIMATED, Outcome.UNKNOWN)
        assert (other.reservations(), other.verify()) == ([], [])
    assert _files(tmp_path) == []


def test_a_note_may_become_shorter(tmp_path: Path) -> None:
    dead = _keeper(tmp_path)
    held, session = _held(dead)[:1], OpenSession()
    session.write(held, {**_used(3), "note": "x" * 90})
    session.write(held, _used(3))
    _dead(dead)
    with _keeper(tmp_path) as other:
        other.status()
        assert {each.quantities.get("audio_milliseconds") for each in other.events()} == {
            3_000, 60_000,  # the second reservation is of no session
        }  # fmt: skip


def test_the_note_of_a_living_process_stays(tmp_path: Path) -> None:
    with _keeper(tmp_path) as living:
        held, session = _held(living), OpenSession()
        session.write(held, _used(1))
        with _keeper(tmp_path) as other:
            assert other.status().open_reservations == 2
        held[0].settle(**_used(5))
        held[1].release()
        session.end()
        assert _files(tmp_path) == []
    with _keeper(tmp_path) as other:
        assert [each.quantities["audio_milliseconds"] for each in other.events()] == [5_000]


def test_a_closing_keeper_books_its_open_session(tmp_path: Path) -> None:
    with _keeper(tmp_path) as keeper:
        held, session = _held(keeper), OpenSession()
        session.write(held, _used(2))
    with _keeper(tmp_path) as other:
        assert [each.quantities["audio_milliseconds"] for each in other.events()] == [2_000]
        assert other.reservations() == []
    assert _files(tmp_path) == []


def test_a_full_disk_is_logged_and_a_torn_note_leaves_the_reservation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = _keeper(tmp_path)
    held, session = _held(dead)[:1], OpenSession()
    write = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda fd, data: write(fd, data[:20]))
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
            session.write(held, _used(1))
    _dead(dead)
    with _keeper(tmp_path) as other:
        other.status()
        assert {each.provenance for each in other.events()} == {Provenance.ASSUMED}
        assert {each.quantities.get("audio_milliseconds") for each in other.events()} == {60_000}


def test_a_ledger_in_memory_leaves_no_notes() -> None:
    with Keeper("memory:", config(limit(1000, provider="deepgram"))) as keeper:
        held, session = _held(keeper), OpenSession()
        session.write(held, _used(1))
        session.end()
        for each in held:
            each.release()
        assert list(keeper.events()) == []


def _down(keeper: Keeper, error: Exception | None = GONE) -> None:
    """From now on, this keeper's ledger does not answer; None: it answers again."""
    store = keeper._engine.worker.store
    gate = store if isinstance(store, GatedStore) else gated(keeper)
    gate.error = error


def test_a_session_let_through_without_a_ledger_is_counted_when_its_process_is_killed(
    tmp_path: Path,
) -> None:
    dead = _keeper(tmp_path, on_store_failure="allow")
    dead.status()
    _down(dead)
    held, session = _held(dead), OpenSession()
    session.write(held[:1], _used(1))
    session.write(held, _used(4))
    assert len(_files(tmp_path)) == 1
    _dead(dead)
    with _keeper(tmp_path) as other:
        other.status()
        (event,) = other.events()
        assert (event.id, event.quantities["audio_milliseconds"]) == (held[0].id, 4_000)
        assert (event.labels.model, event.at) == ("nova-3", held[0].hold.at)
        assert (other.reservations(), other.verify()) == ([], [])
    assert _files(tmp_path) == []


def test_a_session_outlives_an_outage_in_either_direction(tmp_path: Path) -> None:
    for number, first_down in enumerate((True, False)):
        folder = tmp_path / str(number)
        folder.mkdir()
        dead = _keeper(folder, on_store_failure="allow")
        dead.status()
        _down(dead, GONE if first_down else None)
        first = dead.reserve("deepgram", audio_seconds=60, **BLOCK)
        _down(dead, None if first_down else GONE)
        second = dead.reserve("deepgram", requests=0, audio_seconds=60, **BLOCK)
        OpenSession().write([first, second], _used(5))
        _dead(dead)
        with _keeper(folder) as other:
            other.status()
            (event,) = other.events()
            assert (event.id, event.quantities["audio_milliseconds"]) == (first.id, 5_000)
            assert (other.reservations(), other.verify()) == ([], [])


def test_a_session_whose_use_is_not_known_counts_all_that_was_to_be_set_aside(
    tmp_path: Path,
) -> None:
    dead = _keeper(tmp_path, on_store_failure="allow")
    dead.status()
    _down(dead)
    held, session = _held(dead), OpenSession()
    session.write(held, _used(1))
    session.unknown(held)
    _dead(dead)
    with _keeper(tmp_path) as other:
        other.status()
        booked = {each.id: each for each in other.events()}
        assert booked.keys() == {each.id for each in held}
        assert {each.quantities["audio_milliseconds"] for each in booked.values()} == {60_000}
        assert {each.provenance for each in booked.values()} == {Provenance.ASSUMED}


def test_a_spooled_session_whose_note_was_not_removed_counts_once(tmp_path: Path) -> None:
    dead = _keeper(tmp_path, on_store_failure="allow")
    dead.status()
    _down(dead)
    held, session = _held(dead), OpenSession()
    session.write(held, _used(3))
    held[0].settle(**_used(3))  # to the spool; the process is killed before it removes the note
    assert len(_files(tmp_path)) == 1
    _dead(dead)
    with _keeper(tmp_path) as other:
        other.status()
        other.status()
        assert [each.quantities["audio_milliseconds"] for each in other.events()] == [3_000]
    assert _files(tmp_path) == []


def test_the_note_of_a_living_process_that_never_opened_the_ledger_stays(tmp_path: Path) -> None:
    unseen = _keeper(tmp_path, on_store_failure="allow")
    _down(unseen)
    held, session = _held(unseen), OpenSession()
    session.write(held, _used(3))
    mark: Any = unseen._engine.worker.store
    mark._mark.close()  # as if there never was one
    with _keeper(tmp_path) as other:
        other.status()
        assert list(other.events()) == []
    assert len(_files(tmp_path)) == 1
    _unlock(unseen)  # as the operating system does at its end
    with _keeper(tmp_path) as other:
        other.status()
        assert [each.quantities["audio_milliseconds"] for each in other.events()] == [3_000]
    assert _files(tmp_path) == []
