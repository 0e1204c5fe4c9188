"""Disk errors: the store raises one of our errors, writes nothing in part, and the next call works.

Each statement fails in turn ("fail the n-th statement, for every n"), before or after SQLite runs it.
The full disk is a real one, if the test may mount a small file system.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress

import pytest

from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ports import EventQuery
from quotakeeper.errors import (
    LedgerCorruptError,
    LedgerError,
    LedgerUnavailableError,
    OutcomeUnknownError,
)
from quotakeeper.stores.memory import MemoryStore
from quotakeeper.stores.sqlite import transactions as handle_module
from quotakeeper.stores.sqlite.store import SqliteStore
from quotakeeper.testing.clock import FakeClock
from quotakeeper.testing.ledger_case import HOUR, LABELS, cap, tokens
from tests.stores.faulty import CODES, Faults, faulty_connect

NOW = FakeClock().now()
LIMIT, ROLLING = cap(100), cap(100, window="rolling 1h")
LIMITS = (LIMIT, ROLLING)
BATCHES = (
    [c.Watch((LIMIT.account,))],
    [c.Reserve("a", LABELS, tokens(40), LIMITS, "me", HOUR), c.Record("b", LABELS, tokens(1))],
    [c.MarkSent("a"), c.Watch((ROLLING.account,))],
    [c.Settle("a", tokens(30)), c.Reserve("c", LABELS, tokens(69), LIMITS, "me", HOUR)],
    [c.Reserve("too much", LABELS, tokens(1), LIMITS, "me", HOUR)],
    [c.Sweep(frozenset({"me"}))],
    [c.Correct("b", tokens(2)), c.Record("d", LABELS, tokens(3))],
)
# SQLite's messages from before it has written any part of a commit.
BEFORE_THE_COMMIT = ("SQLITE_BUSY", "SQLITE_FULL", "SQLITE_READONLY")


@pytest.fixture
def faults(monkeypatch):
    faults = Faults()
    monkeypatch.setattr(sqlite3, "connect", faulty_connect(faults))
    return faults


@pytest.fixture
def store(tmp_path):
    with closing(at(tmp_path / "ledger.db")) as store:
        yield store


def at(path):
    return SqliteStore(path, zone_named, owner="me", durability="process")


def model_after(batches=BATCHES):
    model = MemoryStore(zone_named)
    for batch in batches:
        model.apply(batch, NOW)
    return model


def assert_same(store, model):
    assert list(store.entries()) == list(model.entries())
    assert list(store.events(EventQuery())) == list(model.events(EventQuery()))
    assert store.holds() == model.holds()
    assert store.verdicts(LIMITS, NOW) == model.verdicts(LIMITS, NOW)
    assert store.verify() == []


def journal_of(path):
    """The entries in the file, read without a cache."""
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path)) as connection, suppress(sqlite3.OperationalError):
        return connection.execute("SELECT count(*) FROM entry").fetchone()[0]
    return 0


@pytest.mark.parametrize("code", CODES)
def test_a_failure_at_any_statement_raises_our_error_and_the_next_try_works(tmp_path, faults, code):
    for number in range(10_000):
        folder = tmp_path / str(number)
        folder.mkdir()
        path, model = folder / "ledger.db", MemoryStore(zone_named)
        store = at(path)
        faults.at(number, code)
        for batch in BATCHES:
            expected, was_open = model.apply(batch, NOW), store._state is not None
            try:
                found = store.apply(batch, NOW)
            except LedgerError as error:
                struck, faults.left = faults.struck, -1
                doubtful = struck == "COMMIT" and code not in BEFORE_THE_COMMIT
                if was_open:
                    assert isinstance(error, OutcomeUnknownError) == doubtful, struck
                # The first commit is the schema's, so nothing of the batch was written then.
                assert isinstance(error, OutcomeUnknownError | LedgerUnavailableError), struck
                assert struck == "COMMIT" or isinstance(error, LedgerUnavailableError)
                assert str(path) in str(error) and error.fix
                found = store.apply(batch, NOW)
            # The second try counts from 1: nothing of the failed one is left.
            assert [type(o) for o in found] == [type(o) for o in expected], faults.struck
        faults.left = -1
        assert_same(store, model)
        store.close()
        if not faults.struck:
            assert number > 40  # no statement failed: each had its turn
            return
    raise AssertionError("there was no end to it")


@pytest.mark.parametrize("code", ["SQLITE_IOERR_FSYNC", "SQLITE_IOERR_WRITE"])
@pytest.mark.parametrize("after", [False, True])
def test_after_a_failed_commit_the_id_shows_whether_it_happened(store, faults, code, after):
    for number in range(len(BATCHES) - 1):
        model = MemoryStore(zone_named)
        path = store._path.with_name(f"{number}.db")
        with closing(at(path)) as other:
            other.holds()
            faults.at(number, code, after=after, wanted="COMMIT")
            for batch in BATCHES:
                model.apply(batch, NOW)
                try:
                    other.apply(batch, NOW)
                except OutcomeUnknownError as error:
                    assert "same id" in error.fix
                    written = journal_of(path) == len(list(model.entries()))
                    watched = not any(isinstance(x, c.Record | c.Reserve | c.Settle) for x in batch)
                    assert written == after or watched
                    # A repeat with the same ids finds the calls or books them. Either way they
                    # count once.
                    again = other.apply(batch, NOW)
                    for outcome in again:
                        if isinstance(outcome, c.Booked | c.Reserved):
                            assert outcome.replay == after
            assert_same(other, model)


def test_a_failed_checkpoint_does_not_fail_the_write_before_it(store, faults, monkeypatch):
    monkeypatch.setattr(handle_module, "_CHECKPOINT_PAGES", 0)
    for code in ("SQLITE_FULL", "SQLITE_IOERR_FSYNC", "SQLITE_BUSY"):
        faults.at(0, code, wanted="PRAGMA wal_checkpoint")
        (outcome,) = store.apply([c.Record(code, LABELS, tokens(1))], NOW)
        assert isinstance(outcome, c.Booked) and not outcome.replay
        assert faults.struck
    assert [event.id for event in store.events(EventQuery())] == [
        "SQLITE_FULL", "SQLITE_IOERR_FSYNC", "SQLITE_BUSY",
    ]  # fmt: skip


def test_a_failed_read_raises_our_error_and_the_next_try_works(store, faults):
    for batch in BATCHES:
        store.apply(batch, NOW)
    reads = (
        store.holds, store.verify, store.dead_owners, lambda: list(store.entries()),
        lambda: list(store.events(EventQuery())), lambda: store.verdicts(LIMITS, NOW),
        lambda: store.check(LABELS, tokens(1), LIMITS, NOW),
    )  # fmt: skip
    for read in reads:
        expected = read()
        for code, kind in (
            ("SQLITE_IOERR_WRITE", LedgerUnavailableError), ("SQLITE_BUSY", LedgerUnavailableError),
        ):  # fmt: skip
            for number in range(200):
                faults.at(number, code)
                with suppress(LedgerError):
                    assert read() == expected
                if not faults.struck:
                    break
                faults.at(number, code)
                try:
                    read()
                except LedgerError as error:
                    assert isinstance(error, kind)
            else:
                raise AssertionError("there was no end to it")
            faults.left = -1
            assert read() == expected


def test_damage_found_during_work_is_named(store, faults):
    store.apply(BATCHES[0], NOW)
    CODES["SQLITE_CORRUPT_VTAB"] = "database disk image is malformed"
    faults.at(2, "SQLITE_CORRUPT_VTAB")
    with pytest.raises(LedgerCorruptError, match="the file was not changed"):
        store.apply(BATCHES[1], NOW)
    del CODES["SQLITE_CORRUPT_VTAB"]


def test_one_of_our_own_errors_leaves_nothing_in_the_transaction(store, monkeypatch):
    store.apply(BATCHES[0], NOW)
    entries = list(store.entries())

    class Broken(c.Record):
        @property
        def labels(self):
            raise RuntimeError("a bug")

    good = c.Record("good", LABELS, tokens(1))
    broken = object.__new__(Broken)
    object.__setattr__(broken, "id", "broken")
    object.__setattr__(broken, "at", None)
    for ledger in (store, MemoryStore(zone_named)):
        before = list(ledger.entries())
        with pytest.raises(RuntimeError):
            ledger.apply([c.Watch((ROLLING.account,)), good, broken], NOW)
        assert list(ledger.entries()) == before
        if isinstance(ledger, MemoryStore):
            assert ROLLING.account.key not in ledger._state.accounts
        (outcome,) = ledger.apply([good], NOW)
        assert isinstance(outcome, c.Booked) and not outcome.replay
        assert ledger.verify() == []
    assert len(list(store.entries())) == len(entries) + 1


# -- a disk that is really full


@pytest.mark.parametrize("durability", ["power", "process"])
def test_a_full_disk_refuses_and_works_again_when_there_is_room(tmp_path, mounts, durability):
    def act():
        ballast = tmp_path / "ballast"
        ballast.write_bytes(b"x" * 300_000)
        store = SqliteStore(tmp_path / "ledger.db", zone_named, owner="me", durability=durability)
        store.apply([c.Watch((LIMIT.account,))], NOW)
        acknowledged, refused = [], 0
        for number in range(2_000):
            event_id = f"{number:05} " + "x" * 200
            try:
                store.apply([c.Record(event_id, LABELS, tokens(1))], NOW)
                acknowledged.append(event_id)
            except LedgerUnavailableError as error:
                refused += 1
                assert "full" in str(error)
                if refused == 3:
                    break
        assert refused == 3 and len(acknowledged) > 9
        assert [event.id for event in store.events(EventQuery())] == acknowledged
        ballast.unlink()
        store.apply([c.Record("and on", LABELS, tokens(1))], NOW)
        assert store.verify() == []
        (verdict,) = store.verdicts((LIMIT,), NOW)
        assert verdict.used == len(acknowledged) + 1
        store.close()

    mounts.small_disk(tmp_path, "800k", act)


def test_a_disk_that_is_full_from_the_start_leaves_no_broken_ledger(tmp_path, mounts):
    def act():
        ballast = tmp_path / "ballast"
        with suppress(OSError), open(ballast, "wb", buffering=0) as file:
            while file.write(b"x" * 4096):
                pass
        store = at(tmp_path / "ledger.db")
        with pytest.raises(LedgerUnavailableError):
            store.apply(BATCHES[0], NOW)
        ballast.unlink()
        for batch in BATCHES:
            store.apply(batch, NOW)
        assert_same(store, model_after())
        store.close()

    mounts.small_disk(tmp_path, "480k", act)
