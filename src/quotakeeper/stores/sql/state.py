"""The ledger's state over a connection: rows are fetched when the rules ask, and kept while valid.

What was fetched stays good for as long as no other connection has committed (PRAGMA data_version);
so a process that has the ledger to itself reads almost nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from quotakeeper.domain.forecasting.time_buckets import bucket_start
from quotakeeper.domain.ledger.entries import Entry, Kind
from quotakeeper.domain.ledger.reservations import Balance, Hold, State
from quotakeeper.domain.ledger.state import (
    CallRecord,
    LedgerState,
    Level,
    Mark,
    Usage,
    ZoneFinder,
    followed,
    opened,
)
from quotakeeper.domain.limits import Account
from quotakeeper.domain.units import METERS, measure
from quotakeeper.domain.usage import is_storable
from quotakeeper.stores.sql.account_usage import KEPT_BEFORE, AccountUsage
from quotakeeper.stores.sql.bucket_sums import BucketSums
from quotakeeper.stores.sql.codec import (
    Interned,
    account_from,
    account_row,
    entry_from,
    entry_row,
)
from quotakeeper.stores.sql.codes import quantities_from, quantities_text, totals_from
from quotakeeper.stores.sql.crossing_rows import marks_of, save_crossings
from quotakeeper.stores.sql.statements import statements

_MOST_SLICES = 1_000  # of one account, kept at once


class SqlState(LedgerState):
    """The state of a ledger in SQLite, inside one transaction at a time."""

    def __init__(self, connection: sqlite3.Connection, zones: ZoneFinder) -> None:
        super().__init__(zones)
        self._connection = connection
        self._sql = statements()
        self.interned = Interned(connection)
        self._data_version = -1
        self._account_ids: dict[str, int] = {}
        self._whole: dict[str, int] = {}  # accounts whose slices after an instant are all fetched
        self._dirty: dict[tuple[str, int], Balance] = {}
        self._slots = BucketSums(connection, self.interned)
        self._paces = AccountUsage(connection)
        self._new_accounts: list[tuple[Account, int]] = []
        self._new_marks: dict[tuple[str, Level], Mark] = {}

    def refresh(self) -> None:
        """At the start of a transaction: forget what another connection may have changed."""
        version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        if version == self._data_version:
            return
        self._data_version = version
        self._balances.clear()
        self._marks.clear()
        self.forget_places()
        self._slots.forget()
        self._paces.forget()
        self._whole.clear()
        self._forget_changed()
        head = self._connection.execute(self._sql["head"]).fetchone()
        self.seq, self.high_water = head or (0, 0)
        rows = self._connection.execute(self._sql["accounts"]).fetchall()
        if len(rows) != len(self.accounts):
            for row in rows:
                account = account_from(row[1:8])
                self._account_ids[account.key] = row[0]
                self.add_account(account, row[8])
            self._new_accounts.clear()

    def _forget_changed(self) -> None:
        """Of the open reservations, forget those that somebody else has written of since.

        Each process has its own open, and whoever settles many of them would read all of them
        again. If what was last seen here is not there any more, nothing that is known can be trusted.
        """
        if not self._known:
            return
        last = self._connection.execute(self._sql["instant_of"], (self.seq,)).fetchone()
        if last is None or last[0] != self.high_water:
            self._ids.clear()
            self._known.clear()
            self._open.clear()
            return
        for (ref,) in self._connection.execute(self._sql["refs_after"], (self.seq,)):
            known = self._known.pop(ref, None)
            if known is not None:
                del self._ids[known.id]
                self._open.pop(known.id, None)

    def save(self, entries: list[Entry]) -> bool:
        """Write a batch's entries and what they changed; whether there was anything to write."""
        if not entries and not self._new_accounts and not self._dirty:
            return False
        execute, interned = self._connection.execute, self.interned
        for account, since in self._new_accounts:
            row = execute(self._sql["add_account"], account_row(account, since))
            self._account_ids[account.key] = row.lastrowid or 0
            self._carry(account, since)
        self._connection.executemany(
            self._sql["add_entry"], [entry_row(entry, interned) for entry in entries]
        )
        self._connection.executemany(
            self._sql["put_balance"],
            [
                (self._account_ids[key], start, balance.settled, balance.reserved, balance.overage)
                for (key, start), balance in self._dirty.items()
            ],
        )
        self._dirty.clear()
        if self._new_marks:
            save_crossings(self._connection, entries, self._new_marks, self._account_ids)
            self._new_marks.clear()
        self._slots.save()
        for account, since in self._new_accounts:
            number = self._account_ids[account.key]
            self._paces.make(interned, account, number, max(0, since - KEPT_BEFORE))
        self._paces.save(self._account_ids)
        self._new_accounts.clear()
        self._save_holds(entries)
        return True

    def _carry(self, account: Account, since: int) -> None:
        # What the new account owes to entries that compaction let go of, for verify to start from.
        found: dict[int, int] = {}
        for slot, labels_id, *_, totals in self._connection.execute(
            self._sql["carried_slots"], (bucket_start(since), 2**62)
        ):
            if account.matches(self.interned.labels(labels_id)):
                start = self.slice_start(account, max(slot, since))
                amount = measure(METERS[account.meter], *totals_from(totals))
                found[start] = found.get(start, 0) + amount
        self._connection.executemany(
            self._sql["carry_balance"],
            [(self._account_ids[account.key], start, used, used) for start, used in found.items()],
        )

    def _save_holds(self, entries: list[Entry]) -> None:
        touched = dict.fromkeys(entry.ref or entry.seq for entry in entries)
        touched.update((entry.seq, None) for entry in entries if entry.kind is Kind.DRAW)
        put, drop = [], []
        for seq in touched:
            known = self._known.get(seq)
            if known is None:
                continue  # a lease that had ended before it was drawn on
            if known.hold is not None:
                put.append(_hold_row(seq, known.hold))
            else:
                if known.state is not State.RECORDED:
                    drop.append((seq,))
                # Ended: the journal has it, so memory need not.
                del self._known[seq], self._ids[known.id]
        if put:
            self._connection.executemany(self._sql["put_hold"], put)
        if drop:
            self._connection.executemany(self._sql["drop_hold"], drop)

    # -- look-ups

    def known(self, event_id: str) -> CallRecord | None:
        """What is known of an id, from memory or from the journal."""
        found = super().known(event_id)
        if found is None and is_storable(event_id):
            row = self._connection.execute(self._sql["opening_by_id"], (event_id,)).fetchone()
            if row is not None:
                found = self._remembered(entry_from(row, self.interned))
        return found

    def known_at(self, seq: int) -> CallRecord:
        """What is known of the id whose opening entry is `seq`."""
        found = self._known.get(seq)
        if found is None:
            row = self._connection.execute(self._sql["entry_by_seq"], (seq,)).fetchone()
            found = self._remembered(entry_from(row, self.interned))
        return found

    def _remembered(self, opening: Entry) -> CallRecord:
        known = opened(opening)
        held = self._connection.execute(self._sql["hold_of"], (opening.seq,)).fetchone()
        if held is not None and known.hold is not None:
            known = replace(known, hold=_hold_from(known.hold, held))
            self._ids[known.id] = known.seq
            self._known[known.seq] = known
            return known
        for row in self._connection.execute(self._sql["ends"], (opening.seq,)):
            known = followed(known, entry_from(row, self.interned))
        return known

    def holds(self) -> list[Hold]:
        """The open reservations, oldest first."""
        rows = self._connection.execute(self._sql["holds"]).fetchall()
        holds = (self.known_at(row[0]).hold for row in rows)
        return [hold for hold in holds if hold is not None]

    def overdue(self, now: int, dead_owners: frozenset[str], at_most: int) -> list[Hold]:
        """Open reservations that have expired or whose owner is dead."""
        execute = self._connection.execute
        found = {seq for (seq,) in execute(self._sql["holds_expired"], (now,))}
        for owner in dead_owners:
            found.update(seq for (seq,) in execute(self._sql["holds_of_owner"], (owner,)))
        # The table does not know yet what this batch has opened, extended or ended.
        found.update(self._open.values())
        due: list[Hold] = []
        for seq in sorted(found):
            if len(due) >= at_most:
                break
            hold = self.known_at(seq).hold
            if hold and (hold.expires_at <= now or hold.owner in dead_owners):
                due.append(hold)
        return due

    def balance(self, account: Account, start_at: int) -> Balance:
        """The balance of one slice."""
        slices = self._balances.setdefault(account.key, {})
        found = slices.get(start_at)
        if found is None:
            account_id = self._account_ids.get(account.key)
            row = None
            if account_id is not None:
                row = self._connection.execute(
                    self._sql["balance"], (account_id, start_at)
                ).fetchone()
            found = slices[start_at] = Balance(*row) if row else Balance()
            if len(slices) > _MOST_SLICES:
                # Old periods of a long-lived process: all but what is not yet written can go.
                kept = {s: b for s, b in slices.items() if (account.key, s) in self._dirty}
                self._whole.pop(account.key, None)
                self._balances[account.key] = kept | {start_at: found}
                self.forget_places()
        return found

    def slices(self, account: Account, after: int) -> Iterable[tuple[int, Balance]]:
        """The slices that start after an instant."""
        fetched_after = self._whole.get(account.key)
        if fetched_after is None or fetched_after > after:
            kept = self._balances.setdefault(account.key, {})
            account_id = self._account_ids.get(account.key, 0)
            for row in self._connection.execute(self._sql["balances_after"], (account_id, after)):
                kept.setdefault(row[0], Balance(*row[1:]))
            self._whole[account.key] = after
        return super().slices(account, after)

    def marks(self, account_key: str) -> dict[Level, Mark]:
        """What has crossed a threshold of an account's limits."""
        found = self._marks.get(account_key)
        if found is None:
            found = marks_of(self._connection, self._account_ids.get(account_key, 0))
            self._marks[account_key] = found
        return found

    def pace(self, account: Account, since: int) -> dict[int, int] | None:
        """What an account used by slot since an instant; None where that is not kept."""
        kept = self.accounts.get(account.key)
        if kept is None or since < kept[1] - KEPT_BEFORE:
            return None
        row = (self._account_ids[account.key], bucket_start(since))
        return dict(self._connection.execute(self._sql["pace_since"], row).fetchall())

    def account_id(self, account: Account) -> int:
        """The number of an account whose balances are kept."""
        return self._account_ids[account.key]

    def usage_since(self, since: int) -> Iterator[Usage]:
        """What was used and what is set aside since an instant, from the journal in one query."""
        after = first_seq(self._connection, since) - 1
        known, labels = self._known, self.interned.labels
        # What this batch has opened or changed is not in the table yet: memory has the word.
        held = self._connection.execute(self._sql["holds_since"], (after,))
        used = self._connection.execute(self._sql["usage_since"], (after,))
        for rows, was_used in ((held, False), (used, True)):
            for seq, at, labels_id, text, cost_pico, admitted in rows:
                if seq not in known:
                    quantities = quantities_from(text)
                    yield at, labels(labels_id), quantities, cost_pico, was_used, bool(admitted)
        for seq in sorted(known):
            if known[seq].at >= since:
                yield from known[seq].usage()
        # What compaction let go of is known by slot: one that an edge cuts counts whole.
        for slot, labels_id, *_, totals in self._connection.execute(
            self._sql["carried_slots"], (bucket_start(since), 2**62)
        ):
            quantities, cost_pico = totals_from(totals)
            yield max(slot, since), labels(labels_id), quantities, cost_pico, True, False

    def open_count(self) -> int:
        """How many reservations are open."""
        count: int = self._connection.execute(self._sql["hold_count"]).fetchone()[0]
        return count

    # -- changes

    def count(self, before: CallRecord | None, after: CallRecord) -> None:
        """Take an event into the sums of its slot."""
        self._slots.count(before, after)
        for account in self.matching(after.labels):
            self._paces.count(account, before, after)

    def add_account(self, account: Account, since: int) -> None:
        """Begin to keep balances for an account."""
        if account.key not in self.accounts:
            self._new_accounts.append((account, since))
        super().add_account(account, since)

    def set_mark(self, account_key: str, level: Level, mark: Mark) -> None:
        """Note a mark that has to be written."""
        super().set_mark(account_key, level, mark)
        self._new_marks[account_key, level] = mark

    def forget_marks(self) -> None:
        """Compaction has let go of some."""
        self._marks.clear()

    def touch(self, account: Account, start_at: int, balance: Balance) -> None:
        """Note a balance that has to be written."""
        self._dirty[account.key, start_at] = balance


def _hold_row(seq: int, hold: Hold) -> tuple[object, ...]:
    return (seq, hold.owner, hold.expires_at, int(hold.sent), quantities_text(hold.quantities),
            hold.cost_pico)  # fmt: skip


def _hold_from(hold: Hold, row: tuple[Any, ...]) -> Hold:
    owner, expires_at, sent, quantities, cost_pico = row
    return replace(hold, owner=owner, expires_at=expires_at, sent=bool(sent),
                   quantities=quantities_from(quantities), cost_pico=cost_pico)  # fmt: skip


def first_seq(connection: sqlite3.Connection, at: int) -> int:
    """The sequence number of the first entry at or after an instant.

    Ledger time rises with the sequence, so halving finds it without an index on time.
    """
    head = connection.execute(statements()["head"]).fetchone()
    if head is None:
        return 1
    low, high = 1, head[0] + 1
    while low < high:
        middle = (low + high) // 2
        row = connection.execute(statements()["entries_after"], (middle - 1, 1)).fetchone()
        if row is None or row[2] >= at:
            high = middle
        else:
            low = row[0] + 1
    return low
