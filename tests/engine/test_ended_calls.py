"""Notes of ended calls: if a process dies before the ledger has a call, its note has what the call used."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import Keeper, Provenance
from quotakeeper.engine.batch_settle import Settlement, note_end, settle_batch
from quotakeeper.engine.journals import ended_calls
from quotakeeper.engine.journals.ended_calls import EndedCalls, NotesFile
from quotakeeper.testing import FakeClock
from tests.engine.support import config, limit

USED = {"input_tokens": 3, "output_tokens": 4}


def _keeper(folder: Path) -> Keeper:
    return Keeper(
        folder / "ledger.db", config(limit(1000)), durability="process", on_busy="refuse",
        clock=FakeClock(),
    )  # fmt: skip


def _noted(keeper: Keeper, failures: list[Exception] | None = None, **more: Any) -> Settlement:
    reservation = keeper.reserve(
        "gemini", model="gemini-2.0-flash", input_tokens=10, output_tokens=1000, sent=True
    )
    told = [] if failures is None else failures
    return note_end(Settlement(reservation, {**USED, **more}, told.append))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if ".ended-" in path.name)


def _dead(keeper: Keeper) -> None:
    """Make this keeper's process look killed: unlock its owner mark."""
    store: Any = keeper._engine.worker.store
    store._mark.close(kept=True)


def test_another_process_settles_the_notes_of_a_dead_one(tmp_path: Path) -> None:
    dead = _keeper(tmp_path)
    noted = _noted(dead)
    _dead(dead)
    with _keeper(tmp_path) as other:
        other.status()
        (event,) = other.events()
        assert event.id == noted.reservation.id
        assert (event.provenance, event.quantities["output_tokens"]) == (Provenance.REPORTED, 4)
        assert other.status().open_reservations == 0
        assert _files(tmp_path) == []
        assert other.verify() == []


def test_the_note_of_a_living_process_stays(tmp_path: Path) -> None:
    with _keeper(tmp_path) as living:
        noted = _noted(living)
        with _keeper(tmp_path) as other:
            assert other.status().open_reservations == 1
        assert len(_files(tmp_path)) == 1
        settle_batch([noted])
        assert living.status().open_reservations == 0
    assert _files(tmp_path) == []


def test_a_closing_keeper_settles_its_notes(tmp_path: Path) -> None:
    with _keeper(tmp_path) as keeper:
        _noted(keeper)
    with _keeper(tmp_path) as other:
        assert [event.provenance for event in other.events()] == [Provenance.REPORTED]
    assert _files(tmp_path) == []


def test_a_correction_made_after_a_settle_survives_its_note(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dead = _keeper(tmp_path)
    noted = _noted(dead)
    settle_batch([noted])
    dead.correct(noted.reservation.id, input_tokens=8, output_tokens=9)
    assert len(_files(tmp_path)) == 1  # the file is not full, so it stays until its keeper closes
    _dead(dead)
    with _keeper(tmp_path) as other:
        other.status()
        (event,) = other.events()
        assert event.quantities["output_tokens"] == 9
    assert [record.message for record in caplog.records if record.levelname != "DEBUG"] == []


def test_a_full_note_file_is_removed_once_the_ledger_has_all_its_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ended_calls, "_MOST_NOTES", 2)
    with _keeper(tmp_path) as keeper:
        notes = [_noted(keeper) for _ in range(3)]
        (first,) = _files(tmp_path)
        settle_batch(notes[:2])
        assert _files(tmp_path) == [first]  # the third call is noted in it and not settled
        settle_batch(notes[2:])
        assert _files(tmp_path) == []
        settle_batch([_noted(keeper)])
        (second,) = _files(tmp_path)
        assert second != first


def test_a_writer_whose_file_is_closed_meanwhile_uses_the_next_file(tmp_path: Path) -> None:
    ended = EndedCalls(tmp_path / "ledger.db", "me")
    with _keeper(tmp_path) as keeper:
        figures = _noted(keeper).noted
        assert figures is not None and figures.command is not None
        used = figures.command.figures
    file = ended.note("one", used)
    assert file is not None

    class LeftMeanwhile(dict[str, Any]):
        """Closes the file between the writer's check and its write."""

        def __setitem__(self, key: str, value: Any) -> None:
            assert file is not None
            ended._leave(file)
            super().__setitem__(key, value)

    file.pending = LeftMeanwhile(file.pending)
    other = ended.note("two", used)
    assert other is not file and isinstance(other, NotesFile)
    assert (set(file.pending), set(other.pending)) == ({"one"}, {"two"})
    ended.settled("one", file)
    assert _files(tmp_path) == [other.path]


def test_a_note_that_cannot_be_written_changes_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: NotesFile, line: str) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(NotesFile, "append", full)
    failures: list[Exception] = []
    with _keeper(tmp_path) as keeper:
        settle_batch([_noted(keeper, failures)])
        assert [event.provenance for event in keeper.events()] == [Provenance.REPORTED]
    assert failures == []
    assert _files(tmp_path) == []


def test_invalid_figures_leave_no_note(tmp_path: Path) -> None:
    with _keeper(tmp_path) as keeper:
        with pytest.raises(Exception, match="input_tokens"):
            _noted(keeper, input_tokens=-1)
        assert _files(tmp_path) == []


def test_a_torn_note_and_a_foreign_note_are_skipped(tmp_path: Path) -> None:
    dead = _keeper(tmp_path)
    noted = _noted(dead)
    (file,) = _files(tmp_path)
    file.write_text("\nS torn 12\nnone of ours;" + file.read_text("utf-8"), "utf-8")
    _dead(dead)
    with _keeper(tmp_path) as other:
        other.status()
        assert [event.id for event in other.events()] == [noted.reservation.id]
    assert _files(tmp_path) == []
