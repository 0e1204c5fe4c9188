"""Migration of a ledger with an older schema: done once, completely or not at all, with a copy kept."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger import order_commands as o
from quotakeeper.domain.ledger.reservations import State
from quotakeeper.domain.ports import EventQuery
from quotakeeper.errors import LedgerError, LedgerVersionError
from quotakeeper.stores.sqlite import migrations as opening
from quotakeeper.stores.sqlite.connection import connect_read_only
from quotakeeper.stores.sqlite.migrations import SCHEMA_VERSION, schema
from quotakeeper.stores.sqlite.store import SqliteStore
from quotakeeper.testing.clock import FakeClock
from quotakeeper.testing.ledger_case import LABELS, cap, tokens

NOON = FakeClock().now()
LIMIT = cap(100)
# As schema 1 stored it: 1 recorded, 2 settled by 4, 3 open and sent, 6 released by 7.
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


def test_migration_keeps_every_entry_and_changes_no_count(old):
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


def test_migration_sums_the_earlier_entries(old):
    with opened(old) as store:
        store.open_count()
    with closing(sqlite3.connect(old)) as connection:
        rows = connection.execute("SELECT * FROM slot ORDER BY provenance").fetchall()
    assert [row[4:] for row in rows] == [(2, 1, "i30r1z5")]
    assert rows[0][0] == NOON - NOON % 300_000_000


def test_an_interrupted_migration_changes_nothing(old, monkeypatch):
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


def test_a_reader_without_write_access_is_told_to_have_the_ledger_migrated(old):
    with pytest.raises(LedgerVersionError, match="schema version 1"):
        connect_read_only(old)
    with opened(old) as store:
        store.open_count()
    connect_read_only(old).close()


# -- schema 2 to 3: crossings of thresholds

DUMPS = Path(__file__).parents[1] / "proof"
WHEN = 1_794_744_001_000_000  # the time of its newest entries
CAP, MONEY = (
    cap(100),
    cap(1_000, "money", meter="cost", window="month", timezone="Asia/Ho_Chi_Minh"),
)


@pytest.fixture
def second(tmp_path):
    """A ledger as quotakeeper with schema 2 left it: 86 of 100 used, 823 of 1,000."""
    return made_from(tmp_path / "second.db", 2)


def made_from(path, version):
    """Make a ledger from the dump of a schema."""
    text = (DUMPS / f"ledger_of_schema_{version}.sql").read_text(encoding="utf-8")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(text)
        connection.execute("PRAGMA application_id = 1363890258")
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("PRAGMA journal_mode = WAL")
    return path


def rows_of(path, table):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()  # noqa: S608


def test_the_journal_of_schema_2_is_copied_unchanged(second):
    tables = ("entry", "hold", "balance", "slot", "pace", "carried_slot", "carried_balance")
    before = {table: rows_of(second, table) for table in tables}
    with opened(second) as store:
        assert [(v.used, v.reserved) for v in store.verdicts((CAP, MONEY), WHEN)] == [
            (86, 12), (823, 102),
        ]  # fmt: skip
        assert store.verify() == []
    assert {table: rows_of(second, table) for table in tables} == before
    assert len(before["entry"]) == 19 and len(before["hold"]) == 4
    assert rows_of(second, "crossing") == rows_of(second, "mark") == []
    with closing(sqlite3.connect(second)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute("DELETE FROM entry WHERE seq = 14")
    copy = second.with_name("second.db.schema-2.bak")
    assert rows_of(copy, "entry") == before["entry"]


def test_use_above_a_threshold_before_the_migration_crosses_once_with_the_next_entry(second):
    with opened(second) as store:
        small = c.Record("small", LABELS, tokens(1, 1), (CAP, MONEY))
        (booked,) = store.apply([small], WHEN)
        assert [(x.crossing.limit, x.crossing.level, x.crossing.used) for x in booked.crossed] == [
            ("cap", 80, 87), ("money", 800, 824),
        ]  # fmt: skip
    with opened(second) as store:
        more = c.Record("more", LABELS, tokens(1, 1), (CAP, MONEY))
        (booked,) = store.apply([more], WHEN)
        assert booked.crossed == ()
        assert store.verify() == []


def test_an_older_quotakeeper_refuses_a_ledger_with_crossings(second, monkeypatch):
    with opened(second) as store:
        store.open_count()
    before = second.read_bytes()
    monkeypatch.setattr(opening, "SCHEMA_VERSION", 2)
    with (
        opened(second) as store,
        pytest.raises(LedgerVersionError, match=f"has schema version {SCHEMA_VERSION}"),
    ):
        store.apply([c.Record("old", LABELS, tokens(1))], WHEN)
    with pytest.raises(LedgerVersionError, match=f"has schema version {SCHEMA_VERSION}"):
        connect_read_only(second)
    assert second.read_bytes() == before


def test_the_step_to_schema_3_is_complete_or_not_done(second, monkeypatch):
    whole = schema(3)
    monkeypatch.setattr(opening, "schema", lambda version: [*whole[:-1], "SELECT no such thing"])
    with opened(second) as store, pytest.raises(LedgerError):
        store.open_count()
    monkeypatch.undo()
    with closing(sqlite3.connect(second)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    assert "entry" in tables and not {"entry_3", "crossing", "mark"} & tables
    with opened(second) as store:
        assert store.open_count() == 4
        assert len(list(store.entries())) == 19
        assert store.verify() == []


# -- schema 3 to 4: orders, accounts for each label value, provider quotas

NEWEST = 1_802_347_201_000_000  # just after the newest entries of that dump
THIRD_LIMITS = (CAP, cap(80, "rolling", window="rolling 24h"), MONEY)


@pytest.fixture
def third(tmp_path):
    """A ledger as quotakeeper with schema 3 left it: 85 of 100 used, 8 reserved, 825 of 1,000."""
    return made_from(tmp_path / "third.db", 3)


def columns_of(path, table):
    with closing(sqlite3.connect(path)) as connection:
        return [row[1] for row in connection.execute(f"PRAGMA table_info ({table})")]


def test_the_journal_of_schema_3_and_its_crossings_are_copied_unchanged(third):
    tables = ("entry", "hold", "balance", "slot", "pace", "carried_slot", "carried_balance",
              "crossing", "mark")  # fmt: skip
    before = {table: rows_of(third, table) for table in tables}
    accounts = rows_of(third, "account")
    with opened(third) as store:
        assert [(v.used, v.reserved) for v in store.verdicts(THIRD_LIMITS, NEWEST)] == [
            (85, 8), (85, 8), (825, 60),
        ]  # fmt: skip
        assert store.verify() == []
        again = c.Record("again", LABELS, tokens(0, 0), THIRD_LIMITS)
        (booked,) = store.apply([again], NEWEST)
        assert booked.crossed == ()
    after = {table: rows_of(third, table) for table in tables}
    assert after["entry"][:-1] == before["entry"]
    assert len(before["entry"]) == 19 and len(before["crossing"]) == 8
    same = set(tables) - {"entry", "slot", "balance"}
    assert {table: after[table] for table in same} == {table: before[table] for table in same}
    assert rows_of(third, "notice") == rows_of(third, "quota_seen") == []
    assert [row[:10] for row in rows_of(third, "account")] == accounts
    copy = third.with_name("third.db.schema-3.bak")
    assert rows_of(copy, "entry") == before["entry"]
    assert "per" not in columns_of(copy, "account") and "per" in columns_of(third, "account")
    with closing(sqlite3.connect(third)) as connection:
        for table in ("entry", "crossing"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608


def test_a_limit_per_label_counts_use_from_before_the_migration(third):
    each = replace(cap(50, "each"), per="user")
    with opened(third) as store:
        store.apply([c.Watch((each.account,))], NEWEST)
        (verdict,) = store.verdicts((each,), NEWEST)
        assert (verdict.limit.name, verdict.used) == ("each [user=lan]", 29)
        assert store.verify() == []


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_migrated_ledger_takes_orders_and_older_versions_then_refuse_it(
    version, tmp_path, monkeypatch
):
    path = made_from(tmp_path / "ledger.db", version)
    when = NEWEST + 1
    with opened(path) as store:
        (ordered,) = store.apply([o.PauseCalls("", "why", "bob", None)], when)
        assert isinstance(ordered, o.Ordered)
        (denied,) = store.apply([c.Reserve("x", LABELS, tokens(1), (), "bob", 10**6)], when)
        assert isinstance(denied, c.Denied) and denied.decision.pause is not None
        assert store.verify() == []
    assert path.with_name(f"ledger.db.schema-{version}.bak").stat().st_size > 0
    before = path.read_bytes()
    for older in range(1, SCHEMA_VERSION):
        monkeypatch.setattr(opening, "SCHEMA_VERSION", older)
        with opened(path) as store, pytest.raises(LedgerVersionError, match="has schema version 4"):
            store.apply([c.Reserve("y", LABELS, tokens(1), (), "bob", 10**6)], when)
        with pytest.raises(LedgerVersionError, match="has schema version 4"):
            connect_read_only(path)
    assert path.read_bytes() == before


def test_the_step_to_schema_4_is_complete_or_not_done(third, monkeypatch):
    whole = schema(4)
    monkeypatch.setattr(opening, "schema", lambda version: [*whole, "SELECT no such thing"])
    with opened(third) as store, pytest.raises(LedgerError):
        store.open_count()
    monkeypatch.undo()
    with closing(sqlite3.connect(third)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (3,)
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    assert "entry" in tables and not {"entry_4", "notice", "quota_seen"} & tables
    assert "per" not in columns_of(third, "account")
    with opened(third) as store:
        assert store.open_count() == 2
        assert len(list(store.entries())) == 19
        assert store.verify() == []
