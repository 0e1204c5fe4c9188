"""The lock of the ledger file: how long a process waits, what it does inside, and replaced files.

Two handles on one lock file exclude each other within one process, as they do between two processes.
"""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
from contextlib import ExitStack, closing
from threading import Event, Thread
from threading import enumerate as enumerate_threads

import pytest

from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.errors import LedgerUnavailableError, OutcomeUnknownError
from quotakeeper.stores.sqlite import locks
from quotakeeper.stores.sqlite import transactions as handle_module
from quotakeeper.stores.sqlite.errors import translated
from quotakeeper.stores.sqlite.locks import FileLock, HeldElsewhereError
from quotakeeper.stores.sqlite.store import SqliteStore
from quotakeeper.testing.clock import FakeClock
from quotakeeper.testing.ledger_case import HOUR, LABELS, tokens
from tests.engine.support import until

NOW = FakeClock().now()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(handle_module, "PATIENCE_SECONDS", 0.02)
    monkeypatch.setattr(handle_module, "BRIEFLY_SECONDS", 0.02)


def opened(path, owner="alice", durability="process"):
    return SqliteStore(path, zone_named, owner=owner, durability=durability)


def record(store, event_id):
    (outcome,) = store.apply([c.Record(event_id, LABELS, tokens(1))], NOW)
    assert isinstance(outcome, c.Booked)


def beside(path):
    return closing(FileLock(path.with_name("ledger.db.lock")))


# -- how long a process waits


def no_thread(self):
    raise RuntimeError("can't start new thread at interpreter shutdown")


@pytest.mark.parametrize("threads", [True, False])
def test_a_lock_that_is_held_too_long_ends_the_wait_with_an_error(tmp_path, monkeypatch, threads):
    if not threads:
        monkeypatch.setattr(locks.Thread, "start", no_thread)
    file = tmp_path / "lock"
    with closing(FileLock(file)) as mine, closing(FileLock(file)) as theirs:
        with mine.held(0), pytest.raises(HeldElsewhereError), theirs.held(0.01):
            raise AssertionError("two at once")
        # The thread that gave up has left the queue: it takes the lock from nobody, and may try
        # again.
        for _ in range(3):
            with theirs.held(5):
                pass
            with mine.held(5):
                pass


def test_a_waiting_thread_gets_the_lock_when_it_is_released(tmp_path):
    file, order = tmp_path / "lock", []

    def wait():
        with closing(FileLock(file)) as theirs, theirs.held(30):
            order.append("second")

    with closing(FileLock(file)) as mine:
        with mine.held(0):
            thread = Thread(target=wait)
            thread.start()
            order.append("first")
        thread.join()
    assert order == ["first", "second"]


def test_no_thread_is_left_after_the_lock_was_taken(tmp_path, monkeypatch):
    """Otherwise a fork would find the thread."""
    file, ending = tmp_path / "lock", Event()
    let_go, stand_in_line = locks._Waiter.let_go, locks._Waiter._stand_in_line

    def slowly(self):
        stand_in_line(self)
        ending.wait(0.1)  # it has the lock, and has not ended yet

    def threads():
        return [thread for thread in enumerate_threads() if thread.name == "quotakeeper-lock"]

    monkeypatch.setattr(locks._Waiter, "_stand_in_line", slowly)
    monkeypatch.setattr(
        locks._Waiter, "let_go", lambda self: (seen.append(threads()), let_go(self))
    )
    seen = []
    with closing(FileLock(file)) as mine, closing(FileLock(file)) as theirs:
        holding = ExitStack()
        holding.enter_context(mine.held(0))
        opener = Thread(target=lambda: (until(threads), holding.close()))
        opener.start()
        with theirs.held(30):
            pass
        opener.join()
    assert seen == [[]]


def test_a_write_behind_a_lock_that_stays_is_refused_and_a_later_one_works(path, impatient):
    with closing(opened(path)) as store:
        record(store, "a")
        connection = store._connection
        with beside(path) as lock, lock.held(0):
            with pytest.raises(LedgerUnavailableError, match="is locked by another program"):
                record(store, "b")
            with closing(opened(path, "bob")) as new, pytest.raises(LedgerUnavailableError):
                record(new, "b")
        assert store._connection is connection  # the connection was not the problem
        record(store, "b")
        assert len(list(store.entries())) == 2


def test_close_and_fork_stop_waiting_for_the_lock_too(path, impatient):
    for leave in (SqliteStore.close, SqliteStore.before_fork):
        store = opened(path)
        record(store, leave.__name__)
        connection = store._connection
        with beside(path) as lock, lock.held(0):
            leave(store)
            assert store._connection is None
            connection.execute("SELECT 1")  # not closed yet
        record(store, f"{leave.__name__}, later")
        store.close()
    connection.close()


def test_an_abandoned_connection_is_closed_with_the_next_lock(path, impatient):
    with closing(opened(path)) as store:
        record(store, "a")
        left = store._connection
        with beside(path) as lock, lock.held(0):
            store.before_fork()
        record(store, "b")
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            left.execute("SELECT 1")


# -- inside the lock


def test_a_failed_batch_is_rolled_back_before_the_lock_is_released(path, monkeypatch):
    let_go, seen = FileLock.let_go, []

    with closing(opened(path)) as store:
        record(store, "a")
        connection = store._connection

        def watched(lock):
            try:
                seen.append(connection.in_transaction)
            except sqlite3.ProgrammingError:
                seen.append(False)
            let_go(lock)

        monkeypatch.setattr(FileLock, "let_go", watched)
        for failure in (sqlite3.OperationalError("disk I/O error"), RuntimeError("a bug")):
            connection = store._opened() and store._connection
            seen.clear()

            def fail(state, entries, failure=failure):
                raise failure

            with monkeypatch.context() as patch:
                patch.setattr(handle_module.SqlState, "save", fail)
                with pytest.raises((LedgerUnavailableError, RuntimeError)):
                    record(store, "b")
            assert seen == [False]
        record(store, "b")


@pytest.mark.parametrize("code", ["SQLITE_BUSY", "SQLITE_FULL", "SQLITE_READONLY_DBMOVED"])
def test_only_these_commit_errors_mean_that_nothing_was_written(path, code):
    error = sqlite3.OperationalError("no")
    error.sqlite_errorname = code
    assert isinstance(translated(path, error, at_commit=True), LedgerUnavailableError)


@pytest.mark.parametrize(
    "code", ["SQLITE_NOMEM", "SQLITE_IOERR_NOMEM", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH",
             "SQLITE_LOCKED", "SQLITE_CORRUPT", ""],
)  # fmt: skip
def test_every_other_commit_error_leaves_the_outcome_open(path, code):
    error = sqlite3.OperationalError("no")
    error.sqlite_errorname = code
    assert isinstance(translated(path, error, at_commit=True), OutcomeUnknownError)


@pytest.mark.parametrize(("durability", "wanted"), [("power", 1), ("process", 0)])
def test_power_durability_uses_every_sync_of_sqlite(path, durability, wanted):
    with closing(opened(path, durability=durability)) as store:
        record(store, "a")
        for pragma in ("fullfsync", "checkpoint_fullfsync"):
            assert store._connection.execute(f"PRAGMA {pragma}").fetchone() == (wanted,)


def checkpointed(path):
    """How many pages the file itself has, which shows how much of the log was copied into it."""
    return path.stat().st_size


def test_the_first_batch_of_a_connection_checkpoints_a_long_log(path, monkeypatch):
    with closing(opened(path, "other")) as other, closing(opened(path)) as store:
        for number in range(20):
            other.apply([c.Record(f"{number} {n}", LABELS, tokens(1)) for n in range(50)], NOW)
        before = checkpointed(path)
        monkeypatch.setattr(handle_module, "_CHECKPOINT_BYTES", 0)
        record(store, "first")
        assert checkpointed(path) > before


def test_a_log_is_checkpointed_by_what_was_added_to_it_not_by_its_size(path, monkeypatch):
    monkeypatch.setattr(handle_module, "_CHECKPOINT_BYTES", 0)  # the log counts as long for good
    monkeypatch.setattr(handle_module, "_CHECKPOINT_PAGES", 60)
    with closing(opened(path)) as store:
        record(store, "first")
        said = []
        store._connection.set_trace_callback(said.append)
        for number in range(40):
            record(store, f"call {number}")
    assert sum("wal_checkpoint" in statement for statement in said) == 4 + 1  # one at the end


def test_close_checkpoints_a_long_log_while_others_use_the_file(path, monkeypatch):
    with closing(opened(path, "other")) as other:
        other.holds()
        store = opened(path)
        for number in range(20):
            store.apply([c.Record(f"{number} {n}", LABELS, tokens(1)) for n in range(50)], NOW)
        before = checkpointed(path)
        monkeypatch.setattr(handle_module, "_CHECKPOINT_BYTES", 0)
        store.close()
        assert checkpointed(path) > before


# -- replaced files


@pytest.mark.skipif(os.name == "nt", reason="Windows replaces no file that is open")
@pytest.mark.parametrize("verb", ["write", "read"])
def test_a_ledger_that_was_replaced_is_opened_again(path, tmp_path, caplog, verb):
    with closing(opened(tmp_path / "restored.db", "bob")) as bob:
        record(bob, "restored")
        bob.apply([c.Reserve("held", LABELS, tokens(1), (), "bob", HOUR)], NOW)
    with closing(opened(path)) as store:
        record(store, "old")
        for ending in ("-wal", "-shm"):
            path.with_name(path.name + ending).unlink()
        os.replace(tmp_path / "restored.db", path)
        with caplog.at_level(logging.WARNING):
            if verb == "write":
                record(store, "new")
            else:
                assert [hold.id for hold in store.holds()] == ["held"]
        assert "was replaced" in caplog.text
        caplog.clear()
        record(store, "newer")
        assert "was replaced" not in caplog.text
        expected = {"restored", "held", "newer"} | ({"new"} if verb == "write" else set())
        assert {entry.id for entry in store.entries()} == expected
        assert store.verify() == []


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no file that is open")
def test_a_ledger_whose_folder_was_deleted_is_made_again(tmp_path, caplog):
    path = tmp_path / "folder" / "ledger.db"
    with closing(opened(path)) as store:
        record(store, "old")
        shutil.rmtree(path.parent)
        with caplog.at_level(logging.WARNING):
            record(store, "new")
        assert [entry.id for entry in store.entries()] == ["new"]
        assert "was replaced" in caplog.text
        assert (path.parent / "ledger.db-owners" / "alice").exists()


# -- marks of owners


def test_the_marks_of_dead_owners_without_reservations_are_removed(path):
    with closing(opened(path)) as alice, closing(opened(path, "bob")) as bob:
        record(alice, "a")
        record(bob, "b")
        marks = path.with_name("ledger.db-owners")
        for name in ("idle ghost", "ghost"):
            (marks / name).touch()
        (marks / ".coming").touch()
        alice.apply([c.Reserve("g", LABELS, tokens(1), (), "ghost", HOUR)], NOW)
        assert bob.dead_owners() == {"ghost"}
        assert {mark.name for mark in marks.iterdir()} == {"alice", "bob", "ghost", ".coming"}
