"""The state of a ledger in PostgreSQL: sums are added to unread, and a transaction begins at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from quotakeeper.domain.ledger.call_record import CallRecord
from quotakeeper.domain.ledger.commands import Command
from quotakeeper.domain.ledger.entries import Entry
from quotakeeper.domain.ledger.reservations import Balance
from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.domain.usage import is_storable
from quotakeeper.stores.postgres.connection import Statement
from quotakeeper.stores.postgres.dialect import PostgresSession
from quotakeeper.stores.sql.account_usage import AccountUsage
from quotakeeper.stores.sql.bucket_sums import BucketSums
from quotakeeper.stores.sql.codes import COST_CODE, quantities_text
from quotakeeper.stores.sql.state import SqlState

_Rows = list[tuple[object, ...]]


class AddedSums(BucketSums):
    """Sums by slot that are added to what the tables have, without a look at it."""

    def rows(self) -> _Rows:
        """What is to be added to each slot: its key, calls, calls without a price."""
        return [(*key, more.calls, more.unpriced) for key, more in self._more.items()]

    def part_rows(self) -> _Rows:
        """What is to be added to each part of a slot: the slot's key, a code, an amount as text."""
        rows: _Rows = []
        for key, more in self._more.items():
            amounts = {quantities_text({name: 0})[:-1]: n for name, n in more.quantities.items()}
            amounts[COST_CODE] = more.cost_pico
            rows += [(*key, code, str(amount)) for code, amount in amounts.items()]
        return rows

    def save(self) -> None:
        """Write what was changed."""
        sums, parts = self.rows(), self.part_rows()
        emptied = [key for key, more in self._more.items() if more.calls <= 0]
        self.forget()
        many, sql = self._session.executemany, self._sql
        many(sql["make_slot"], [row[:4] for row in sums])
        many(sql["add_to_slot"], sums)
        many(sql["make_slot_part"], [row[:5] for row in parts])
        many(sql["add_to_slot_part"], parts)
        many(sql["drop_empty_slot"], emptied)


class AddedUsage(AccountUsage):
    """What accounts used by slot, to be added."""

    def rows(self, account_ids: dict[str, int]) -> _Rows:
        """What is to be added: account, slot, amount."""
        return [(account_ids[key], slot, used) for (key, slot), used in self._changed.items()]


class PostgresState(SqlState):
    """The state of a ledger in PostgreSQL, inside one transaction at a time."""

    def __init__(self, session: PostgresSession, zones: ZoneFinder) -> None:
        super().__init__(session, zones)
        self._slots = AddedSums(session, self.interned)
        self._followed = (
            0,
            0,
        )  # the entry up to which it is known what entries are about, its instant
        self.is_decided = False  # what the rules are about to ask for is at hand

    def asks_first(self) -> list[Statement]:
        """The queries of `refresh` that follow where others have committed: fetched ahead."""
        sql = self._sql
        return [
            (sql["head"], ()),
            (sql["accounts"], (self._last_account,)),
            (sql["instant_of"], self._followed[:1]),
            (sql["refs_after"], self._followed[:1]),
            (sql["notices_after"], (self._noted,)),
        ]

    # -- for commits under guards

    @property
    def zones(self) -> ZoneFinder:
        """Finds time zones by name."""
        return self._zones

    @property
    def account_ids(self) -> dict[str, int]:
        """The numbers of the accounts whose balances are kept, by key."""
        return self._account_ids

    @property
    def has_new_accounts(self) -> bool:
        """Whether there are accounts that have to be written first."""
        return bool(self._new_accounts)

    @property
    def is_warm(self) -> bool:
        """Whether it was read once."""
        return self._data_version != -1

    def has(self, event_id: str) -> bool:
        """Whether an id is known without a look at the journal."""
        return event_id in self._ids or self._records.has(event_id)

    def known(self, event_id: str) -> CallRecord | None:
        """What is known of an id: looked up once, as it may be decided on again after the commit."""
        found = super().known(event_id)
        if event_id not in self._ids and is_storable(event_id):
            self._records.keep({event_id: found})
        return found

    def prefetch(self, commands: Sequence[Command], now: int) -> None:
        """Fetch what a batch touches; nothing where it was decided before."""
        if not self.is_decided:
            super().prefetch(commands, now)

    def refresh(self) -> None:
        """At the start of a transaction: forget what another connection may have changed."""
        super().refresh()
        self._followed = self.seq, self.high_water

    def _forget_changed(self) -> None:
        # Commits under guards take the sequence number on past entries of others.
        newest = self.seq, self.high_water
        self.seq, self.high_water = self._followed
        super()._forget_changed()
        self.seq, self.high_water = newest

    def take_balances(
        self, found: Iterable[tuple[int, int, Balance]], windows: Iterable[tuple[str, int]]
    ) -> None:
        """Take in balances (account, start, sums) as a commit met them.

        A window is an account and the instant that its slices start after. `found` has all slices of
        the windows that are not zero.
        """
        for key, after in windows:
            for start, kept in self._balances.get(key, {}).items():
                if start > after:
                    kept.settled = kept.reserved = kept.overage = 0
        keys = {number: key for key, number in self._account_ids.items()}
        for number, start, balance in found:
            slices = self._balances.setdefault(keys[number], {})
            kept = slices.setdefault(start, balance)  # others hold on to the one that is there
            kept.settled, kept.reserved = balance.settled, balance.reserved
            kept.overage = balance.overage

    def take_new(self, event_ids: Iterable[str]) -> None:
        """A commit found that the journal did not have these ids."""
        self._records.keep(dict.fromkeys(event_ids))

    def forget_written(self, entries: Iterable[Entry]) -> None:
        """What these entries changed has been written."""
        self._dirty.clear()
        self._slots.forget()
        self._paces.forget()
        self._records.forget()
        for seq in {entry.ref or entry.seq for entry in entries}:
            known = self._known.get(seq)
            if known is not None and known.hold is None:
                del self._known[seq], self._ids[known.id]
