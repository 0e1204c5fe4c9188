"""A ledger of an earlier schema is brought up to date once, whole or not at all, and keeps a copy."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.reservations import State
from quotakeeper.domain.ports import EventQuery
from quotakeeper.errors import LedgerVersionError
from quotakeeper.stores.sqlite import migrations as opening
from quotakeeper.stores.sqlite.connection import connect_read_only
from quotakeeper.stores.sqlite.migrations import schema
from quotakeeper.stores.sqlite.store import SqliteStore
from quotakeeper.testing.clock import FakeClock
from quotakeeper.testing.ledger_case import LABELS, cap, tokens

NOON = FakeClock().now()
LIMIT = cap(100)
# Written down as schema 1 wrote it: 1 recorded, 2 settled by 4, 3 open and sent, 6 released by 7.
ROWS = [
    (1, 8, 0, None, "recorded", '{"input_tokens":10}', 5, 1),
    (2, 1, 1, None, "settled", '{"input_tokens":30,"requests":1}', None, 3),
    (3, 1, 2, None, "open", '{"input_tokens":7}', 3, 3),
    (4, 4, 3, 2, None, '{"input_tokens":20,"requests":1}', None, 1),
    (5, 2, 4, 3, None, None, None, None),
    (6, 1, 5, None, "released", '{"input_tokens":1}', None, 3),
    (7, 5, 6, 6, None, None, None, None),
]


@pytest.fixture
def old(tmp_path):
    """A ledger as quotakeeper with schema 1 left it."""
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for statement in schema(1):
            connection.execute(statement)
        connection.execute("PRAGMA application_id = 1363890258")
        connection.execute("PRAGMA user_version = 1")
        labels = (LABELS.provider, LABELS.model, LABELS.operation, "")
        connection.execute("INSERT INTO labels VALUES (1, ?, ?, ?, ?)", labels)
        connection.execute("INSERT INTO word VALUES (1, 'alice')")
        key = LIMIT.account.key
        day = NOON // 86_400_000_000 * 86_400_000_000
        connection.execute(
            "INSERT INTO account VALUES (1, ?, 'input_tokens', 'day', 'UTC', '', '', '', '', ?)",
            (key, day),
        )
        connection.execute("INSERT INTO balance VALUES (1, ?, 30, 7, 10)", (day,))
        connection.execute("INSERT INTO hold VALUES (3, 'alice', ?)", (NOON + 3_600_000_000,))
        for seq, kind, later, ref, event_id, quantities, cost, provenance in ROWS:
            opens = event_id is not None
            connection.execute(
                "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, NULL, NULL, NULL, ?, ?)",
                (seq, kind, NOON + later, ref, event_id, 1 if opens else None, quantities, cost,
                 provenance, provenance and 1, 1 if kind == 1 else None,
                 NOON + 3_600_000_000 if kind == 1 else None),
            )  # fmt: skip
    return path


def opened(path):
    return closing(SqliteStore(path, zone_named, owner="bob", durability="process"))


def test_everything_is_there_after_it_and_nothing_counts_otherwise(old):
    with opened(old) as store:
        (verdict,) = store.verdicts((LIMIT,), NOON)
        assert (verdict.used, verdict.reserved) == (30, 7)
        assert store.verify() == []
        events = {event.id: event for event in store.events(EventQuery())}
        assert {name: dict(event.quantities) for name, event in events.items()} == {
            "recorded": {"input_tokens": 10},
            "settled": {"input_tokens": 20, "requests": 1},
        }
        (hold,) = store.holds()
        assert (hold.id, hold.sent, hold.owner) == ("open", True, "alice")
        assert (dict(hold.quantities), hold.cost_pico) == ({"input_tokens": 7}, 3)
        (booked,) = store.apply([c.Settle("open", tokens(5))], NOON)
        assert isinstance(booked, c.Booked) and booked.event.at == NOON + 2
        (again,) = store.apply([c.Release("released")], NOON)
        assert isinstance(again, c.Done) and again.state is State.RELEASED
        assert store.verify() == []
    assert old.with_name("old.db.schema-1.bak").stat().st_size > 0


def test_the_sums_of_what_was_booked_before_are_made(old):
    with opened(old) as store:
        store.open_count()
    with closing(sqlite3.connect(old)) as connection:
        rows = connection.execute("SELECT * FROM slot ORDER BY provenance").fetchall()
    assert [row[4:] for row in rows] == [(2, 1, "i30r1z5")]
    assert rows[0][0] == NOON - NOON % 300_000_000


def test_cut_short_it_is_as_if_it_had_not_begun(old, monkeypatch):
    def broken(connection):
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(opening, "fill_buckets", broken)
    with opened(old) as store, pytest.raises(Exception, match="disk I/O"):
        store.open_count()
    monkeypatch.undo()
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM entry").fetchone() == (7,)
    with opened(old) as store:
        assert store.open_count() == 1
        assert store.verify() == []


def test_who_may_only_look_is_told_to_have_it_brought_up_to_date(old):
    with pytest.raises(LedgerVersionError, match="schema 1"):
        connect_read_only(old)
    with opened(old) as store:
        store.open_count()
    connect_read_only(old).close()
