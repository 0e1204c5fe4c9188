"""Verify on a server goes on from the last verified entry, in short snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ports import Verification
from quotakeeper.stores.postgres.driver import open_connection
from quotakeeper.stores.postgres.dsn import ServerAddress
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.stores.sql import verify_new
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.verify_new import NEW_LIMIT
from quotakeeper.testing.clock import FakeClock
from quotakeeper.testing.ledger_case import HOUR, LABELS, cap, tokens
from tests.stores.verify_scripts import run_script

NOW = FakeClock().now()
LIMIT = cap(10**9)


@pytest.fixture
def store(ledger: ServerAddress) -> Iterator[PostgresStore]:
    with closing(PostgresStore(ledger, zone_named, owner="alice")) as store:
        yield store


def add_calls(store: PostgresStore, name: str, at: int, count: int = 3) -> None:
    for number in range(count):
        store.apply([c.Record(f"{name}-{number}", LABELS, tokens(7))], at)


def execute(ledger: ServerAddress, statement: str) -> None:
    with closing(open_connection(ledger.parameters, prepares=False)) as raw:
        raw.execute(statement.replace("SCHEMA", ledger.schema))


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_new_is_verified_as_a_whole_run_would(store: PostgresStore, seed: int) -> None:
    ways = run_script(store, seed, 200)
    assert ways["first"] == 1
    assert ways["new"] > 0.9 * (sum(ways.values()) - ways["compacted"])


@pytest.mark.parametrize(
    ("name", "is_stored"), [("a", "is stored"), ("quotakeeper-lease:a", "is not stored")]
)
def test_a_reservation_whose_mark_of_a_lease_is_wrong_is_named(
    store: PostgresStore, ledger: ServerAddress, name: str, is_stored: str
) -> None:
    store.apply([c.Reserve(name, LABELS, tokens(7), (LIMIT,), "alice", HOUR, True)], NOW)
    assert store.verify() == list(store.verify_new().problems) == []
    execute(ledger, "UPDATE SCHEMA.hold SET lease = NOT lease")
    for found in (store.verify(), store.verify_new().problems):
        (problem,) = found
        assert problem.what.startswith(f"reservation '{name}' (entry 1) {is_stored} as a lease")


def test_writers_go_on_between_the_pages(
    store: PostgresStore, ledger: ServerAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No snapshot is longer than a page. What is written meanwhile is part of the last one."""
    monkeypatch.setattr(verify_new, "_PAGE", 4)
    store.apply([c.Watch((LIMIT.account,))], NOW)
    add_calls(store, "old", NOW)
    assert store.verify_new() == Verification((), 0, 3)
    add_calls(store, "new", NOW + HOUR, 10)
    real, snapshots = store._reading, []

    with closing(PostgresStore(ledger, zone_named, owner="bob")) as writer:

        @contextmanager
        def counted() -> Iterator[SqlSession]:
            snapshots.append(1)
            if len(snapshots) == 2:
                add_calls(writer, "between", NOW + 2 * HOUR)
            with real() as session:
                yield session

        monkeypatch.setattr(store, "_reading", counted)
        assert store.verify_new() == Verification((), 3, 16)
    assert len(snapshots) == 1 + 4 + 2  # the mark, four pages of entries, two spans of slots


def test_a_limit_that_is_added_meanwhile_begins_the_run_again(
    store: PostgresStore, ledger: ServerAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_calls(store, "old", NOW)
    store.verify_new()
    real, snapshots = store._reading, []

    with closing(PostgresStore(ledger, zone_named, owner="bob")) as writer:

        @contextmanager
        def counted() -> Iterator[SqlSession]:
            snapshots.append(1)
            if len(snapshots) == 2:
                writer.apply([c.Watch((LIMIT.account,))], NOW)
            with real() as session:
                yield session

        monkeypatch.setattr(store, "_reading", counted)
        assert store.verify_new() == Verification((), 0, 3, NEW_LIMIT)


def test_damage_is_found_and_no_mark_is_kept(store: PostgresStore, ledger: ServerAddress) -> None:
    store.apply([c.Watch((LIMIT.account,))], NOW)
    add_calls(store, "old", NOW)
    store.verify_new()
    add_calls(store, "new", NOW + HOUR)
    execute(ledger, "UPDATE SCHEMA.balance SET settled = settled + 1")
    for _ in range(2):
        found = store.verify_new()
        assert [each.what for each in found.problems] == [each.what for each in store.verify()]
        assert "balance" in found.problems[0].what
        assert (found.after, found.newest) == (0, 0)
    execute(ledger, "UPDATE SCHEMA.balance SET settled = settled - 1")
    assert store.verify_new().after == 3
