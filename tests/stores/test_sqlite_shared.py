"""Two stores on one file: each keeps a cache and sees the other's changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest

from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.stores.sqlite import fork_guard
from quotakeeper.stores.sqlite.store import SqliteStore
from quotakeeper.testing.clock import FakeClock
from quotakeeper.testing.ledger_case import HOUR, LABELS, cap, tokens

NOW = FakeClock().now()
Two = tuple[SqliteStore, SqliteStore]


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    path = tmp_path / "ledger.db"
    stores = [SqliteStore(path, zone_named, owner=name, durability="process") for name in "ab"]
    yield stores[0], stores[1]
    for store in stores:
        assert store.verify() == []
        store.close()


def reserved(store: SqliteStore, *ids: str) -> None:
    asked = [c.Reserve(each, LABELS, tokens(5), (), store.owner, HOUR) for each in ids]
    assert all(isinstance(outcome, c.Reserved) for outcome in store.apply(asked, NOW))


def statements(store: SqliteStore, command: c.Command) -> list[str]:
    """The statements that a command runs on the store's connection."""
    said: list[str] = []
    connection = store._connection
    assert connection is not None
    connection.set_trace_callback(said.append)
    (outcome,) = store.apply([command], NOW)
    connection.set_trace_callback(None)
    assert not isinstance(outcome, c.Failed)
    return said


def test_a_store_sees_the_other_stores_change_to_a_reservation(two: Two) -> None:
    mine, other = two
    reserved(mine, "released", "sent", "extended", "left")
    other.apply([c.Release("released"), c.MarkSent("sent"), c.Extend("extended", 3 * HOUR)], NOW)
    (outcome,) = mine.apply([c.MarkSent("released")], NOW)
    assert isinstance(outcome, c.Failed)
    (swept,) = mine.apply([c.Sweep()], NOW + 2 * HOUR)
    assert swept == c.Swept(expired=1, assumed=1)
    assert [hold.id for hold in mine.holds()] == ["extended"]


def test_rows_that_the_other_store_did_not_change_are_not_read_again(two: Two) -> None:
    mine, other = two
    reserved(mine, "kept", "touched")
    reserved(other, "theirs")
    other.apply([c.MarkSent("touched"), c.Record("r", LABELS, tokens(1))], NOW)
    reads = [said for said in statements(mine, c.Settle("kept", tokens(3))) if "WHERE id" in said]
    assert reads == []
    reads = [
        said for said in statements(mine, c.Settle("touched", tokens(3))) if "WHERE id" in said
    ]
    assert len(reads) == 1


def test_a_ledger_restored_in_place_is_read_again(two: Two, tmp_path: Path) -> None:
    mine, other = two
    reserved(mine, "before")
    with (
        closing(sqlite3.connect(tmp_path / "ledger.db")) as live,
        closing(sqlite3.connect(tmp_path / "copy.db")) as copy,
    ):
        live.backup(copy)
        reserved(mine, "since")
        copy.backup(live)
    other.apply([c.Record("r1", LABELS, tokens(1)), c.Record("r2", LABELS, tokens(1))], NOW + 1)
    first, second = mine.apply(
        [c.Settle("since", tokens(1)), c.Settle("before", tokens(1))], NOW + 2
    )
    assert isinstance(first, c.Failed) and isinstance(second, c.Booked)


def test_the_worker_that_a_fork_waits_for_may_read(two: Two) -> None:
    """A fork blocks new readers and waits for the worker. The worker may be about to read."""
    mine, _ = two
    mine.apply([c.Record("a", LABELS, tokens(1))], NOW)
    paces: list[object] = []
    thread = Thread(
        target=lambda: paces.append(mine.account_usage([cap(10).account], 0)), daemon=True
    )
    fork_guard._readers.before_fork()
    try:
        thread.start()
        thread.join(20)
        assert len(paces) == 1
    finally:
        fork_guard._readers.after_fork_in_parent()
