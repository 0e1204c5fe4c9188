"""Lists the tables of a ledger and reads their rows in order, to copy them to another database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.value_classes import dataclass

_PAGE = 2_000


@dataclass(frozen=True, slots=True)
class Table:
    """A table that has the same columns in every database. The first `ordered_by` columns are its
    key.
    """

    name: str
    columns: tuple[str, ...]
    ordered_by: int

    @property
    def query(self) -> str:
        """The SQL that returns all rows in the order of the key."""
        key = ", ".join(self.columns[: self.ordered_by])
        return f"SELECT {', '.join(self.columns)} FROM {self.name} ORDER BY {key}"  # noqa: S608 - constants


_SLOT = ("slot_at", "labels_id", "provenance", "outcome", "calls", "unpriced")
SLOTS = Table("slot", (*_SLOT, "totals"), 4)
# Clock readings are not copied, because they are of one machine.
TABLES = (
    Table("word", ("word_id", "text"), 1),
    Table("labels", ("labels_id", "provider", "model", "operation", "scope"), 1),
    Table(
        "account",
        ("account_id", "key", "meter", '"window"', "timezone", "provider", "model", "operation",
         "scope", "per", "since_at"),
        1,
    ),
    Table(
        "entry",
        ("seq", "kind", "at", "ref", "id", "labels_id", "quantities", "cost_pico", "price_id",
         "provenance", "outcome", "served_id", "duration_ms", "note", "owner_id", "expires_at",
         "booked_at"),
        1,
    ),
    Table("balance", ("account_id", "start_at", "settled", "reserved", "overage"), 2),
    Table("pace", ("account_id", "slot_at", "used"), 2),
    Table("carried_slot", (*_SLOT, "totals"), 4),
    Table("carried_balance", ("account_id", "start_at", "settled", "overage"), 2),
    Table(
        "crossing",
        ("seq", "account_id", "name", "amount", "level", "start_at", "turn", "used"),
        1,
    ),
    Table("mark", ("account_id", "name", "amount", "level", "start_at", "turn", "stands"), 4),
    Table(
        "notice",
        ("seq", "subject", "why", "by", "until_at", "account", "amount", "used", "about"),
        1,
    ),
    Table(
        "quota_seen",
        ("provider", "model", "quota_id", "meter", '"window"', "amount", "remaining", "resets_at",
         "source", "seen_at"),
        3,
    ),
)  # fmt: skip

# A ledger without virtual keys does not have these tables.
KEY_TABLES = (
    Table(
        "virtual_key",
        ("key_id", "name", "project", "labels", "state", "expires_at", "providers", "models",
         "networks", "concurrency", "on_gone", "on_limit", "made_at", "version"),
        1,
    ),
    Table(
        "virtual_key_secret",
        ("digest", "key_id", "number", "last_four", "made_at", "ends_at"),
        1,
    ),
    Table(
        "virtual_key_audit",
        ("seq", "key_id", "act", "actor", "at", "why", "before_json", "after_json"),
        1,
    ),
)  # fmt: skip


def rows_in(session: SqlSession, table: Table) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a table in the order of its key."""
    found = session.execute(table.query)
    while page := found.fetchmany(_PAGE):
        yield from page
