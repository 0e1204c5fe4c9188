"""Paces: what each account used in five minutes, so that a forecast reads a few numbers.

Slots are kept for every set of labels; a forecast over a week of them would read all of them. Like
slots, paces are derived and are kept in the commit of the entries they come from.
"""

from __future__ import annotations

from quotakeeper.domain.forecasting.time_buckets import bucket_start
from quotakeeper.domain.ledger.call_record import CallRecord
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.limits import Account
from quotakeeper.domain.units import METERS, measure
from quotakeeper.domain.windows import SECOND
from quotakeeper.stores.sql.codec import account_from
from quotakeeper.stores.sql.codes import totals_from
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.damage import rows_of
from quotakeeper.stores.sql.interned import Interned

KEPT_BEFORE = 8 * 86_400 * SECOND  # for an account that is new: more than a forecast looks back


class AccountUsage:
    """The paces of one ledger, inside one transaction at a time."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session
        self._changed: dict[tuple[str, int], int] = {}

    def forget(self) -> None:
        """What was not written is void."""
        self._changed.clear()

    def count(self, account: Account, before: CallRecord | None, after: CallRecord) -> None:
        """Take an event in, in place of what it counted as before."""
        was = before.figures if before else None
        change = _amount(account, after.figures) - _amount(account, was)
        if change:
            key = account.key, bucket_start(after.at)
            self._changed[key] = self._changed.get(key, 0) + change

    def make(self, interned: Interned, account: Account, number: int, since: int) -> None:
        """Make the pace of an account that had none from all slots, this batch's among them."""
        for key in [key for key in self._changed if key[0] == account.key]:
            del self._changed[key]
        fill_pace(self._session, interned, account, number, since)

    def save(self, account_ids: dict[str, int]) -> None:
        """Write what was changed."""
        if self._changed:
            rows = [(account_ids[k], slot, n) for (k, slot), n in self._changed.items()]
            self._session.executemany(self._session.sql["add_pace"], rows)
            self._changed.clear()


def fill_pace(
    session: SqlSession, interned: Interned, account: Account, account_id: int, since: int
) -> None:
    """Make the pace of an account that had none, from the slots since an instant."""
    found: dict[int, int] = {}
    for slot, labels_id, *_, totals in session.execute(
        session.sql["slots_between"], (bucket_start(since), 2**62)
    ):
        with rows_of(f"the sums of slot {slot!a:.20}"):
            if not account.matches(interned.labels(labels_id)):
                continue
            amount = measure(METERS[account.meter], *totals_from(totals))
            found[slot] = found.get(slot, 0) + amount
    rows = [(account_id, slot, amount) for slot, amount in found.items() if amount]
    session.executemany(session.sql["add_pace"], rows)


def fill_account_usage(session: SqlSession) -> None:
    """Make the paces of all accounts of a ledger that has none: in the step to schema 2."""
    interned = Interned(session)
    for row in session.execute(session.sql["accounts_of_old"]).fetchall():
        fill_pace(session, interned, account_from(row[1:9]), row[0], 0)


def _amount(account: Account, figures: Figures | None) -> int:
    if figures is None:
        return 0
    return measure(METERS[account.meter], figures.quantities, figures.cost_pico)
