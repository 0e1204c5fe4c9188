"""Views for other programs in PostgreSQL: the same rows as on a file, for whoever may only read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from quotakeeper.clocks import zone_named
from quotakeeper.domain.units import STORED_METERS
from quotakeeper.stores.postgres.administration import ServerLedger
from quotakeeper.stores.postgres.driver import driver, open_connection
from quotakeeper.stores.postgres.dsn import ServerAddress, parse_dsn
from quotakeeper.stores.postgres.store import PostgresStore
from tests.stores.view_rows import assert_same, expected_calls, fill

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(ledger: ServerAddress) -> Iterator[PostgresStore]:
    with closing(PostgresStore(ledger, zone_named, owner="alice")) as store:
        yield store


def rows(address: ServerAddress, text: str) -> list[dict[str, Any]]:
    with closing(open_connection(address.parameters, prepares=False)) as raw:
        found = raw.execute(text.replace("SCHEMA", address.schema))
        names = [column.name for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def instant(moment: datetime) -> int:
    return (moment - EPOCH) // moment.resolution


@pytest.mark.parametrize("seed", [1, 2])
def test_calls_are_those_of_the_ledger(
    store: PostgresStore, ledger: ServerAddress, seed: int
) -> None:
    fill(store, seed)
    found = {row.pop("id"): row for row in rows(ledger, "SELECT * FROM SCHEMA.call_view")}
    for row in found.values():
        row["at"] = instant(row.pop("counted_at"))
        assert row.keys() >= STORED_METERS
    assert_same(found, expected_calls(store))


def test_quantities_of_schema_1_are_read(ledger: ServerAddress) -> None:
    stored = """'{"input_tokens": 5, "input_tokens@audio": 60, "images@image": 2}'"""
    (row,) = rows(ledger, f"SELECT SCHEMA.quantities_of({stored}) AS found")
    assert row["found"] == {"input_tokens": 65, "images": 2}


def test_balances_and_reservations_are_those_of_the_ledger(
    store: PostgresStore, ledger: ServerAddress
) -> None:
    fill(store, 4)
    found = rows(ledger, "SELECT * FROM SCHEMA.balance_view")
    kept = rows(ledger, "SELECT start_at, settled, reserved, overage FROM SCHEMA.balance")
    assert sorted((instant(r["starts_at"]), r["settled"], r["reserved"], r["overage"])
                  for r in found) == sorted(tuple(r.values()) for r in kept)  # fmt: skip
    assert {row["meter"] for row in found} == {"input_tokens", "cost", "requests"}
    for row in found:
        if row["meter"] == "cost":
            assert row["settled_usd"] * 10**12 == row["settled"]
    holds = {hold.id: hold for hold in store.holds()}
    for row in rows(ledger, "SELECT * FROM SCHEMA.reservation_view"):
        hold = holds.pop(row["id"])
        assert (instant(row["reserved_at"]), instant(row["expires_at"])) == (
            hold.at,
            hold.expires_at,
        )
        assert (row["owner"], row["sent"]) == (hold.owner, hold.sent)
        assert row["is_lease"] == hold.id.startswith("quotakeeper-lease:")
        assert sum(row["quantities"].values()) == sum(hold.quantities.values())
    assert not holds


def test_a_reader_may_select_the_views_and_change_nothing(
    store: PostgresStore, ledger: ServerAddress, ledger_url: str
) -> None:
    fill(store, 5, calls=3)
    role = f"bi_{ledger.schema}"
    ServerLedger(ledger).make("", role)
    with closing(open_connection(ledger.parameters, prepares=False)) as raw:
        raw.execute(f"CREATE ROLE {role}_user LOGIN; GRANT {role} TO {role}_user")
    theirs = parse_dsn(ledger_url.replace("postgres:", f"{role}_user:", 1))
    for view in ("call_view", "balance_view", "reservation_view"):
        assert rows(theirs, "SELECT * FROM SCHEMA.VIEW".replace("VIEW", view))
        with pytest.raises(driver().errors.InsufficientPrivilege):
            rows(theirs, "SELECT 1 FROM SCHEMA.VIEW FOR UPDATE".replace("VIEW", view))
    with pytest.raises(driver().errors.InsufficientPrivilege):
        rows(theirs, "DELETE FROM SCHEMA.entry")
