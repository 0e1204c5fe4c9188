"""The use of each account by five-minute slot (table `pace`), so that a forecast reads few rows.

The table of slots has a row for each slot and set of labels. Without `pace`, a forecast would read
all of these rows. Rows of `pace` are derived from entries and written in the same commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from quotakeeper.domain.forecasting.time_buckets import BUCKET, bucket_start
from quotakeeper.domain.ledger.call_record import CallRecord
from quotakeeper.domain.limits import Account
from quotakeeper.domain.units import METERS, amounts_of, measure
from quotakeeper.domain.windows import SECOND
from quotakeeper.stores.sql.codec import account_from
from quotakeeper.stores.sql.codes import totals_from
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.damage import rows_of
from quotakeeper.stores.sql.interned import Interned

KEPT_BEFORE = 8 * 86_400 * SECOND  # for a new account; more than a forecast reads


class AccountUsage:
    """The use of each account by five-minute slot. An object serves one transaction at a time."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session
        self._changed: dict[tuple[str, int], int] = {}

    def forget(self) -> None:
        """Discard changes that were not written."""
        self._changed.clear()

    def count(
        self, accounts: Iterable[Account], before: CallRecord | None, after: CallRecord,
        used: Mapping[str, int],
    ) -> None:  # fmt: skip
        """Count an event in `accounts`. If the event was counted before, its old figures are
        subtracted.

        `used` are the amounts of its new figures by meter.
        """
        figures = before.figures if before else None
        was = amounts_of(figures.quantities, figures.cost_pico) if figures else None
        slot, changed = after.at // BUCKET * BUCKET, self._changed
        for account in accounts:
            change = used.get(account.meter, 0) - (was.get(account.meter, 0) if was else 0)
            if change:
                key = account.key, slot
                changed[key] = changed.get(key, 0) + change

    def make(self, interned: Interned, account: Account, number: int, since: int) -> None:
        """Compute the use of a new account from all slots since `since`, including those of this
        batch.
        """
        for key in [key for key in self._changed if key[0] == account.key]:
            del self._changed[key]
        fill_pace(self._session, interned, account, number, since)

    def save(self, account_ids: dict[str, int]) -> None:
        """Write the changed use. `account_ids` maps account keys to row numbers."""
        if self._changed:
            rows = []
            for (key, slot), amount in self._changed.items():
                rows.append((account_ids[key], slot, amount))
            self._session.executemany(self._session.sql["add_pace"], rows)
            self._changed.clear()


def fill_pace(
    session: SqlSession, interned: Interned, account: Account, account_id: int, since: int
) -> None:
    """Compute the use of a new account from the slots since `since`, and write it."""
    found: dict[int, int] = {}
    for slot, labels_id, *_, totals in session.execute(
        session.sql["slots_between"], (bucket_start(since), 2**62)
    ):
        with rows_of(f"the totals of time slot {slot!a:.20}"):
            if not account.matches(interned.labels(labels_id)):
                continue
            amount = measure(METERS[account.meter], *totals_from(totals))
            found[slot] = found.get(slot, 0) + amount
    rows = [(account_id, slot, amount) for slot, amount in found.items() if amount]
    session.executemany(session.sql["add_pace"], rows)


def fill_account_usage(session: SqlSession) -> None:
    """Compute the use of all accounts of a ledger of schema 1. Part of the migration to schema 2."""
    interned = Interned(session)
    for row in session.execute(session.sql["accounts_of_old"]).fetchall():
        fill_pace(session, interned, account_from(row[1:9]), row[0], 0)
