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
from quotakeeper.testing import FakeClock
from tests.engine.support import config, limit

BLOCK: dict[str, Any] = {"model": "nova-3", "operation": "listen", "sent": True}


def _keeper(folder: Path, lease: str = "off") -> Keeper:
    return Keeper(
        folder / "ledger.db", config(limit(1000, provider="deepgram")), durability="process",
        on_busy="refuse", clock=FakeClock(), lease=lease,
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
    """Make this keeper's process look killed: unlock its owner mark."""
    store: Any = keeper._engine.worker.store
    store._mark.close(kept=True)


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
