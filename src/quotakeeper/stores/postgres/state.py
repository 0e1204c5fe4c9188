"""The state of a ledger in PostgreSQL.

Sums are added to stored rows without reading the rows. A transaction begins in one round trip.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from quotakeeper.domain.ledger.call_record import CallRecord
from quotakeeper.domain.ledger.commands import Command
from quotakeeper.domain.ledger.entries import Entry
from quotakeeper.domain.ledger.reservations import Balance, Hold
from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.domain.limits import Account
from quotakeeper.domain.usage import is_storable
from quotakeeper.stores.postgres.connection import Statement
from quotakeeper.stores.postgres.dialect import PostgresSession
from quotakeeper.stores.sql.account_usage import AccountUsage
from quotakeeper.stores.sql.bucket_sums import BucketSums
from quotakeeper.stores.sql.codes import COST_CODE, quantities_text
from quotakeeper.stores.sql.state import SqlState

_Rows = list[tuple[object, ...]]


class AddedSums(BucketSums):
    """Sums by slot that are added to the stored sums, without reading the stored sums."""

    def rows(self) -> _Rows:
        """Return what to add to each slot: the slot's key, the calls, and the calls without a
        price.
        """
        return [(*key, more.calls, more.unpriced) for key, more in self._more.items()]

    def part_rows(self) -> _Rows:
        """Return what to add to each part of a slot: the slot's key, a code, and an amount as text."""
        rows: _Rows = []
        for key, more in self._more.items():
            amounts = {quantities_text({name: 0})[:-1]: n for name, n in more.quantities.items()}
            amounts[COST_CODE] = more.cost_pico
            rows += [(*key, code, str(amount)) for code, amount in amounts.items()]
        return rows

    def save(self) -> None:
        """Write the additions, and delete slots that have no calls any more."""
        sums, parts = self.rows(), self.part_rows()
        emptied = [key for key, more in self._more.items() if more.calls <= 0]
        self.forget()
        many, sql = self._session.executemany, self._sql
        many(sql["add_to_slot"], sums)
        many(sql["add_to_slot_part"], parts)
        many(sql["drop_empty_slot"], emptied)


class AddedUsage(AccountUsage):
    """The use of accounts by slot, to be added to the stored use."""

    def rows(self, account_ids: dict[str, int]) -> _Rows:
        """Return what to add: rows of account number, slot and amount."""
        return [(account_ids[key], slot, used) for (key, slot), used in self._changed.items()]


class PostgresState(SqlState):
    """The state of a ledger in PostgreSQL, inside one transaction at a time."""

    def __init__(self, session: PostgresSession, zones: ZoneFinder) -> None:
        super().__init__(session, zones)
        self._slots = AddedSums(session, self.interned)
        self._followed = (
            0,
            0,
        )  # the last entry whose references are known, and its instant
        self.is_decided = False  # everything that the rules need is cached

    def asks_first(self) -> list[Statement]:
        """Return the queries that `refresh` runs after commits of other connections, to fetch them
        ahead.
        """
        sql = self._sql
        return [
            (sql["head"], ()),
            (sql["accounts"], (self._last_account,)),
            (sql["instant_of"], self._followed[:1]),
            (sql["refs_after"], self._followed[:1]),
            (sql["notices_after"], (self._noted,)),
        ]

    def leases(self) -> list[Hold]:
        """Return the open leases, oldest first."""
        seqs = [row[0] for row in self.session.execute(self._sql["leases"]).fetchall()]
        self._fetch_records(seqs)
        return [hold for seq in seqs if (hold := self.known_at(seq).hold) is not None]

    # -- for commits under guards

    @property
    def zones(self) -> ZoneFinder:
        """The function that finds a time zone by its name."""
        return self._zones

    @property
    def account_ids(self) -> dict[str, int]:
        """The row number of each account with kept balances, by account key."""
        return self._account_ids

    @property
    def has_new_accounts(self) -> bool:
        """Whether there are accounts that are not written yet."""
        return bool(self._new_accounts)

    @property
    def is_warm(self) -> bool:
        """Whether the state was read from the database at least once."""
        return self._data_version != -1

    def has(self, event_id: str) -> bool:
        """Return whether it is cached what the ledger has about an id: a record, or nothing."""
        return event_id in self._ids or self._records.has(event_id)

    def cached_balance(self, account: Account, start_at: int) -> Balance | None:
        """Return the balance of a slice if it is cached; else None."""
        return self._balances.get(account.key, {}).get(start_at)

    def known(self, event_id: str) -> CallRecord | None:
        """Return the record of an id; None if the ledger does not have the id.

        The result is cached, because the batch may be decided again after the commit.
        """
        found = super().known(event_id)
        if event_id not in self._ids and is_storable(event_id):
            self._records.keep({event_id: found})
        return found

    def prefetch(self, commands: Sequence[Command], now: int) -> None:
        """Fetch the rows that a batch needs. Does nothing if the batch was decided before."""
        if not self.is_decided:
            super().prefetch(commands, now)

    @property
    def followed_seq(self) -> int:
        """The last entry of which it is known which calls it is about."""
        return self._followed[0]

    def refresh(self) -> None:
        """Start a transaction: drop cached data that another connection may have changed."""
        super().refresh()
        self._followed = self.seq, self.high_water

    def _forget_changed(self) -> None:
        # After a commit under guards, `seq` may be beyond entries of others that were not read.
        newest = self.seq, self.high_water
        self.seq, self.high_water = self._followed
        super()._forget_changed()
        self.seq, self.high_water = newest

    def take_balances(
        self, found: Iterable[tuple[int, int, Balance]], windows: Iterable[tuple[str, int]]
    ) -> None:
        """Set cached balances to their values at a commit; `found` has rows (account, start,
        balance).

        `windows` has pairs of an account key and an instant. For each, `found` has all slices after
        that instant that are not zero.
        """
        for key, after in windows:
            for start, kept in self._balances.get(key, {}).items():
                if start > after:
                    kept.settled = kept.reserved = kept.overage = 0
        keys = {number: key for key, number in self._account_ids.items()}
        for number, start, balance in found:
            slices = self._balances.setdefault(keys[number], {})
            kept = slices.setdefault(
                start, balance
            )  # other caches refer to this object, so it is changed and not replaced
            kept.settled, kept.reserved = balance.settled, balance.reserved
            kept.overage = balance.overage

    def take_new(self, event_ids: Iterable[str]) -> None:
        """Record in the cache that the journal did not have these ids before the commit."""
        self._records.keep(dict.fromkeys(event_ids))

    def forget_written(self, entries: Iterable[Entry]) -> None:
        """Clear the changes that these entries made, because they are written."""
        self._dirty.clear()
        self._slots.forget()
        self._paces.forget()
        self._records.forget()
        self._new_marks.clear()
        for seq in {entry.ref or entry.seq for entry in entries}:
            known = self._known.get(seq)
            if known is not None and known.hold is None:
                del self._known[seq], self._ids[known.id]
