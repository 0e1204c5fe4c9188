"""Views for other programs: what they show is what the ledger says, to the last digit."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime
from decimal import Decimal

import pytest

from quotakeeper.clocks import zone_named
from quotakeeper.domain.units import METERS, STORED_METERS
from quotakeeper.stores.sqlite.migrations import SCHEMA_VERSION
from quotakeeper.stores.sqlite.store import SqliteStore
from tests.stores.view_rows import ACCOUNTS, assert_same, expected_calls, fill

VIEWS = ("call_view", "balance_view", "reservation_view")
BALANCES = """
SELECT a.key, b.start_at, b.settled, b.reserved, b.overage
FROM balance AS b JOIN account AS a USING (account_id)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def store(path):
    with closing(SqliteStore(path, zone_named, owner="alice", durability="process")) as store:
        yield store


def rows(path, text):
    with closing(sqlite3.connect(path)) as raw:
        raw.row_factory = sqlite3.Row
        return [dict(row) for row in raw.execute(text)]


def instant(text):
    at = datetime.fromisoformat(text)
    return (at - datetime.fromisoformat("1970-01-01T00:00:00Z")) // (at.resolution)


def as_told(row):
    """A row of a view with the times and JSON texts as values."""
    row = dict(row)
    row["at"] = instant(row.pop("counted_at"))
    for column in ("labels", "quantities"):
        row[column] = json.loads(row[column])
    if row["cost_usd"] is not None:
        assert len(row["cost_usd"].partition(".")[2]) == 12
        row["cost_usd"] = Decimal(row["cost_usd"])
    return row


@pytest.mark.parametrize("seed", [1, 2])
def test_calls_are_those_of_the_ledger(store, path, seed):
    fill(store, seed)
    found = {row.pop("id"): as_told(row) for row in rows(path, "SELECT * FROM call_view")}
    assert_same(found, expected_calls(store))


def test_quantities_of_schema_1_are_read(store, path):
    fill(store, 3, calls=2)
    quantities = {"input_tokens": 5, "input_tokens@audio": 60, "images@image": 2}
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("DROP TRIGGER entry_is_never_changed")
        raw.execute("UPDATE entry SET quantities = ? WHERE id = 'r1'", (json.dumps(quantities),))
        raw.commit()
    (row,) = rows(path, "SELECT * FROM call_view WHERE id = 'r1'")
    assert json.loads(row["quantities"]) == {"images": 2, "input_tokens": 65}
    assert (row["input_tokens"], row["images"], row["output_tokens"]) == (65, 2, 0)


def test_a_damaged_quantity_does_not_hang_the_view(store, path):
    fill(store, 3, calls=2)
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("DROP TRIGGER entry_is_never_changed")
        raw.execute("UPDATE entry SET quantities = 'i5X?9' WHERE id = 'r1'")
        raw.commit()
    (row,) = rows(path, "SELECT * FROM call_view WHERE id = 'r1'")
    assert row["input_tokens"] == 5


def test_balances_are_those_of_the_ledger(store, path):
    fill(store, 4)
    keys = {(a.meter, str(a.window), a.timezone): a.key for a in ACCOUNTS}
    found = set()
    for row in rows(path, "SELECT * FROM balance_view"):
        key = keys[row["meter"], row["window"], row["timezone"]]
        found.add((key, instant(row["starts_at"]), row["settled"], row["reserved"], row["overage"]))
        if row["meter"] == "cost":
            assert Decimal(row["settled_usd"]) == row["settled"] * Decimal(10) ** -12
            assert json.loads(row["labels"]) == {"user": "lan"}
        else:
            assert row["settled_usd"] is None
    assert {key for key, *_ in found} == set(keys.values())
    assert found == {tuple(row.values()) for row in rows(path, BALANCES)}


def test_reservations_are_those_that_are_open(store, path):
    fill(store, 5)
    found = rows(path, "SELECT * FROM reservation_view ORDER BY id")
    holds = sorted(store.holds(), key=lambda hold: hold.id)
    assert [row["id"] for row in found] == [hold.id for hold in holds] != []
    for row, hold in zip(found, holds, strict=True):
        assert instant(row["reserved_at"]) == hold.at
        assert instant(row["expires_at"]) == hold.expires_at
        assert (row["owner"], bool(row["sent"])) == (hold.owner, hold.sent)
        assert bool(row["is_lease"]) == hold.id.startswith("quotakeeper-lease:")
        assert row["cost_pico"] == hold.cost_pico
        assert sum(json.loads(row["quantities"]).values()) == sum(hold.quantities.values())


def test_every_stored_meter_has_a_column(store, path):
    store.open_count()
    with closing(sqlite3.connect(path)) as raw:
        columns = {row[1] for row in raw.execute("PRAGMA table_info (call_view)")}
    assert columns >= STORED_METERS
    assert not columns & (METERS.keys() - STORED_METERS - {"cost"})


def test_a_ledger_of_an_older_version_gets_its_views_and_keeps_its_version(store, path):
    fill(store, 6, calls=3)
    store.close()
    with closing(sqlite3.connect(path)) as raw:
        for view in VIEWS:
            raw.execute(f"DROP VIEW {view}")
        assert raw.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,) == (4,)
    assert store.open_count() == 2
    assert len(rows(path, "SELECT * FROM call_view")) == 4
    assert rows(path, "PRAGMA user_version") == [{"user_version": 4}]
    assert not list(path.parent.glob("*.bak"))
