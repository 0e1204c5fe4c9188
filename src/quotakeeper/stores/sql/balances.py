"""Balances of a ledger in SQL: cached in memory, and fetched one by one or many at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from quotakeeper.domain.forecasting.time_buckets import bucket_start
from quotakeeper.domain.ledger.places import CountedBalance
from quotakeeper.domain.ledger.reservations import Balance
from quotakeeper.domain.ledger.state import LedgerState, ZoneFinder
from quotakeeper.domain.limits import Account, Limit
from quotakeeper.domain.usage import CallLabels
from quotakeeper.stores.sql.account_usage import KEPT_BEFORE
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.damage import rows_of, whole

_MOST_SLICES = 1_000  # of one account in the cache


class TouchedBalances(NamedTuple):
    """The balances that a batch reads or changes, by account key.

    `starts` has the starts of single slices. `after` has, for a rolling window, the instant after
    which all slices are needed.
    """

    starts: dict[str, set[int]]
    after: dict[str, int]


class SqlBalances(LedgerState):
    """The part of a ledger's state that contains the balances."""

    def __init__(self, session: SqlSession, zones: ZoneFinder) -> None:
        super().__init__(zones)
        self.session = session
        self._sql = session.sql
        self._account_ids: dict[str, int] = {}
        self._whole: dict[
            str, int
        ] = {}  # account key -> the instant after which all slices are cached
        self._dirty: dict[tuple[str, int], Balance] = {}

    def account_id(self, account: Account) -> int:
        """Return the row number of an account with kept balances."""
        return self._account_ids[account.key]

    def balance(self, account: Account, start_at: int) -> Balance:
        """Return the balance of one slice. If there is none, a new balance is created."""
        found = self._balances.setdefault(account.key, {}).get(start_at)
        if found is None:
            account_id = self._account_ids.get(account.key)
            row = None
            if account_id is not None:
                key = (account_id, start_at)
                row = self.session.execute(self._sql["balance"], key).fetchone()
            slices = self._with_room(account.key, 1)
            found = slices[start_at] = _balance(*row) if row else Balance()
        return found

    def slices(self, account: Account, after: int) -> Iterable[tuple[int, Balance]]:
        """Return the slices of an account that start after `after`, each with its start and
        balance.
        """
        if self._lacks_slices(account.key, after):
            kept = self._balances.setdefault(account.key, {})
            account_id = self._account_ids.get(account.key, 0)
            for row in self.session.execute(self._sql["balances_after"], (account_id, after)):
                kept.setdefault(row[0], _balance(*row[1:]))
            self._whole[account.key] = after
        return super().slices(account, after)

    def pace(self, account: Account, since: int) -> dict[int, int] | None:
        """Return the use of an account by slot since `since` (start of slot -> base units).

        Returns None if the stored use by slot does not go back to `since`.
        """
        kept = self.accounts.get(account.key)
        if kept is None or since < kept[1] - KEPT_BEFORE:
            return None
        row = (self._account_ids[account.key], bucket_start(since))
        return dict(self.session.execute(self._sql["pace_since"], row).fetchall())

    def touch(self, changed: Iterable[CountedBalance]) -> None:
        """Mark balances as changed, so that `save` writes them."""
        for account, _, start_at, balance in changed:
            self._dirty[account.key, start_at] = balance

    def _save_balances(self) -> None:
        rows = []
        for (key, start), balance in self._dirty.items():
            number = self._account_ids[key]
            rows.append((number, start, balance.settled, balance.reserved, balance.overage))
        self.session.executemany(self._sql["put_balance"], rows)
        self._dirty.clear()

    # -- many at once

    def has_places(self, labels: CallLabels, at: int) -> bool:
        """Return whether the balances in which a call counts at `at` are cached."""
        found = self.kept_places.get(id(labels))
        return found is not None and found[0] <= at < found[1]

    def has_caps(self, labels: CallLabels, limits: Sequence[Limit], at: int) -> bool:
        """Return whether the balances of a call's calendar limits are cached."""
        found = self.kept_caps.get(id(labels))
        return found is not None and found[0] is limits and found[1] <= at < found[2]

    def fetch_balances(self, touched: TouchedBalances) -> None:
        """Fetch all balances in `touched` that are not cached, in at most two queries."""
        if not touched.starts and not any(
            self._lacks_slices(*each) for each in touched.after.items()
        ):
            return
        keys = {n: key for key, n in self._account_ids.items()}
        wanted: list[tuple[int, int]] = []
        for key, starts in touched.starts.items():
            kept = self._balances.get(key, {})
            missing = [start for start in starts if start not in kept]
            if missing:
                slices = self._with_room(key, len(missing))
                slices.update((start, Balance()) for start in missing)
                if key in self._account_ids:  # missing for a new label value
                    wanted += [(self._account_ids[key], start) for start in missing]
        for account_id, start, *sums in self.session.rows_of("balances_of", wanted):
            self._balances[keys[account_id]][start] = _balance(*sums)
        wanted = [
            (self._account_ids[key], after)
            for key, after in touched.after.items()
            if self._lacks_slices(key, after) and key in self._account_ids
        ]
        self._whole.update((keys[account_id], after) for account_id, after in wanted)
        for account_id, start, *sums in self.session.rows_of("balances_after_each", wanted):
            self._balances.setdefault(keys[account_id], {}).setdefault(start, _balance(*sums))

    def _lacks_slices(self, key: str, after: int) -> bool:
        fetched_after = self._whole.get(key)
        return fetched_after is None or fetched_after > after

    def _with_room(self, key: str, more: int) -> dict[int, Balance]:
        slices = self._balances.setdefault(key, {})
        if len(slices) + more > _MOST_SLICES:
            # Mostly old periods in a long-lived process: drop all balances that are already
            # written.
            slices = {s: b for s, b in slices.items() if (key, s) in self._dirty}
            self._balances[key] = slices
            self._whole.pop(key, None)
            self.forget_places()
        return slices


def _balance(settled: object, reserved: object, overage: object) -> Balance:
    """Return the balance in a row. Raises DamagedRowError."""
    with rows_of("a balance"):
        return Balance(whole(settled), whole(reserved), whole(overage))
