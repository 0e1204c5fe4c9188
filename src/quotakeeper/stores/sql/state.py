"""The ledger's state over a database connection. Rows are fetched when they are needed, and cached.

The cache stays valid until another connection commits. So a process that uses the ledger alone
reads almost nothing. `prefetch` fetches the rows of a batch at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from quotakeeper.domain.ledger.call_record import CallRecord, CountedUse
from quotakeeper.domain.ledger.commands import Command
from quotakeeper.domain.ledger.entries import CLOCK_REPAIRED, Entry, Kind
from quotakeeper.domain.ledger.places import Level, Mark
from quotakeeper.domain.ledger.reservations import Hold, State
from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.domain.limits import Account
from quotakeeper.domain.units import METERS, measure
from quotakeeper.domain.usage import is_storable
from quotakeeper.stores.sql.account_usage import KEPT_BEFORE, AccountUsage
from quotakeeper.stores.sql.balances import SqlBalances
from quotakeeper.stores.sql.batch_contents import names_in, touched_by
from quotakeeper.stores.sql.bucket_sums import BucketSums
from quotakeeper.stores.sql.codec import account_from, account_row, entry_row
from quotakeeper.stores.sql.codes import quantities_text
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.crossing_rows import marks_of, save_crossings
from quotakeeper.stores.sql.damage import checked_head, instant, rows_of
from quotakeeper.stores.sql.interned import Interned, Row
from quotakeeper.stores.sql.journal import JournalRecords, carried_since, use_since
from quotakeeper.stores.sql.notice_rows import notices_after, save_notices

_PAGE = 1_000  # records fetched at once when all are requested


class SqlState(SqlBalances):
    """The state of a ledger in SQL, inside one transaction at a time."""

    def __init__(self, session: SqlSession, zones: ZoneFinder) -> None:
        super().__init__(session, zones)
        self.prefetch_from = session.dialect.prefetch_from
        self.interned = Interned(session)
        self._records = JournalRecords(session, self.interned)
        self._data_version = -1
        self._slots = BucketSums(session, self.interned)
        self._paces = AccountUsage(session)
        self._new_accounts: list[tuple[Account, int, bool]] = []
        self._last_account = 0
        self._noted = 0  # the sequence number up to which notices are read
        self._new_marks: dict[tuple[str, Level], Mark] = {}
        self.is_void = False  # true if the ledger was moved back: all cached data is invalid

    def refresh(self) -> None:
        """Start a transaction: drop cached data that another connection may have changed."""
        if self._records.keeps_some:
            self._records.forget()
        self.interned.absent.clear()  # another connection may have added them
        query = self.session.commit_query
        version = (
            self.session.execute(query).fetchone()[0] if query else self.session.commit_number()
        )
        if version == self._data_version:
            return
        is_first, self._data_version = self._data_version == -1, version
        self._balances.clear()
        self._marks.clear()
        self.forget_places()
        self._slots.forget()
        self._paces.forget()
        self._whole.clear()
        self._forget_changed()
        head = self.session.execute(self._sql["head"]).fetchone()
        self.seq, self.high_water = checked_head(head) if head else (0, 0)
        rows = self.session.execute(self._sql["accounts"], (self._last_account,)).fetchall()
        for row in rows:
            account = account_from(row[1:9])
            with rows_of("an account"):
                since = instant(row[9])
            self._account_ids[account.key] = self._last_account = row[0]
            self.add_account(account, since)
        self._new_accounts.clear()
        seq, high_water = self.seq, self.high_water
        for entry in notices_after(self.session, self._noted):
            self.note(entry)
            self._noted = entry.seq
            if entry.notice is not None and entry.notice.subject == CLOCK_REPAIRED:
                self.is_void |= entry.kind is Kind.CLOCK and not is_first
        self.seq, self.high_water = seq, high_water

    def _forget_changed(self) -> None:
        """Drop each cached open reservation about which another process has written an entry.

        All other reservations stay cached, so that a process does not read its own ones again. But
        if the journal no longer has the newest entry that this cache has seen, drop all.
        """
        if not self._known:
            return
        last = self.session.execute(self._sql["instant_of"], (self.seq,)).fetchone()
        if last is None or last[0] != self.high_water:
            self._ids.clear()
            self._known.clear()
            self._open.clear()
            return
        for (ref,) in self.session.execute(self._sql["refs_after"], (self.seq,)):
            known = self._known.pop(ref, None)
            if known is not None:
                del self._ids[known.id]
                self._open.pop(known.id, None)

    def save(self, entries: list[Entry]) -> bool:
        """Write a batch's entries and their effects. Returns whether there was anything to write."""
        if not entries and not self._new_accounts and not self._dirty:
            return False
        if self._new_accounts:
            self._save_accounts()
        rows: list[Row] = []
        has_notices = False
        for entry in entries:
            rows.append(entry_row(entry, self.interned))
            has_notices = has_notices or entry.notice is not None
        self.session.executemany(self._sql["add_entry"], rows)
        self._save_balances()
        if self._new_marks:
            save_crossings(self.session, entries, self._new_marks, self._account_ids)
            self._new_marks.clear()
        if has_notices:
            self._noted = save_notices(self.session, entries)
        counted = bool(self._slots.dirty)
        if counted:
            self._slots.save()
        if self._new_accounts:
            self._make_account_usage()
        if counted:
            self._paces.save(self._account_ids)
        self._save_holds(entries, rows)
        if self._records.keeps_some:
            self._records.forget()
        return True

    def _save_accounts(self) -> None:
        for account, since, is_new in self._new_accounts:
            self._account_ids[account.key] = self._last_account = self.session.insert(
                "add_account", account_row(account, since)
            )
            if not account.per and not is_new:
                self.carry(account, since)

    def _make_account_usage(self) -> None:
        for account, since, is_new in self._new_accounts:
            if not account.per and not is_new:
                number = self._account_ids[account.key]
                self._paces.make(self.interned, account, number, max(0, since - KEPT_BEFORE))
        self._new_accounts.clear()

    def carry(self, account: Account, since: int) -> None:
        """Store a new account's totals from compacted entries; `verify` adds the journal's use."""
        meter = METERS[account.meter]
        found: dict[int, int] = {}
        for use in carried_since(self.session, self.interned, since):
            if account.matches(use.labels):
                start = self.slice_start(account, use.at)
                amount = measure(meter, use.quantities, use.cost_pico)
                found[start] = found.get(start, 0) + amount
        self.session.executemany(
            self._sql["carry_balance"],
            [(self._account_ids[account.key], start, used, used) for start, used in found.items()],
        )

    def _save_holds(self, entries: list[Entry], rows: list[Row]) -> None:
        texts: dict[int, str] = {}  # of the quantities of new reservations, else ""
        for entry, row in zip(entries, rows, strict=True):
            texts[entry.ref or entry.seq] = row[6] if entry.kind is Kind.RESERVE else ""
            if entry.kind is Kind.DRAW:
                texts[entry.seq] = row[6]
        put, drop = [], []
        for seq, text in texts.items():
            known = self._known.get(seq)
            if known is None:
                continue  # a lease that had ended before a call was drawn from it
            if known.hold is not None:
                hold = known.hold  # as `hold_row`, without a call
                put.append((seq, hold.owner, hold.expires_at, int(hold.sent),
                            text or quantities_text(hold.quantities), hold.cost_pico))  # fmt: skip
            else:
                if known.state is not State.RECORDED:
                    drop.append((seq,))
                # The call has ended. Its record can be read from the journal, so it is not cached.
                del self._known[seq], self._ids[known.id]
        if put:
            self.session.executemany(self._sql["put_hold"], put)
        if drop:
            self.session.executemany(self._sql["drop_hold"], drop)

    # -- look-ups

    def prefetch(self, commands: Sequence[Command], now: int) -> None:
        """Fetch the rows that a batch needs, with one query per kind of row."""
        names = names_in(commands)
        ids = [each for each in names.ids if each not in self._ids and is_storable(each)]
        self._keep_open(self._records.fetch_ids(ids))
        self.interned.find(names.labels.values(), names.words)
        self.fetch_balances(touched_by(self, commands, now))

    def known(self, event_id: str) -> CallRecord | None:
        """Return the record of an id, from the cache or the journal; None if the ledger does not
        have the id.
        """
        seq = self._ids.get(event_id)
        found = None if seq is None else self._known.get(seq)
        if found is None and is_storable(event_id):
            found = self._records.by_id(event_id)
            if found is not None:
                self._keep_open((found,))
        return found

    def known_at(self, seq: int) -> CallRecord:
        """Return the record of the id whose first entry is `seq`."""
        found = self._known.get(seq)
        if found is None:
            found = self._records.by_seq(seq)
            self._keep_open((found,))
        return found

    def _keep_open(self, records: Iterable[CallRecord]) -> None:
        for known in records:
            if known.hold is not None:
                self._ids[known.id] = known.seq
                self._known[known.seq] = known

    def _fetch_records(self, seqs: Iterable[int]) -> None:
        missing = [seq for seq in seqs if seq not in self._known]
        if len(missing) > 1:
            self._keep_open(self._records.fetch_seqs(missing))

    def holds(self) -> list[Hold]:
        """Return the open reservations, oldest first."""
        seqs = [row[0] for row in self.session.execute(self._sql["holds"]).fetchall()]
        self._fetch_records(seqs)
        holds = (self.known_at(seq).hold for seq in seqs)
        return [hold for hold in holds if hold is not None]

    def overdue(self, now: int, dead_owners: frozenset[str], at_most: int) -> list[Hold]:
        """Return open reservations that have expired or whose process has ended, oldest first."""
        execute = self.session.execute
        found = {seq for (seq,) in execute(self._sql["holds_expired"], (now,))}
        for owner in dead_owners:
            found.update(seq for (seq,) in execute(self._sql["holds_of_owner"], (owner,)))
        # The table does not yet contain what this batch has opened, extended or ended.
        found.update(self._open.values())
        due: list[Hold] = []
        waiting = sorted(found)
        while waiting and len(due) < at_most:
            page, waiting = waiting[:_PAGE], waiting[_PAGE:]
            self._fetch_records(page)
            holds = (self.known_at(seq).hold for seq in page)
            due += [h for h in holds if h and (h.expires_at <= now or h.owner in dead_owners)]
        return due[:at_most]

    def marks(self, account_key: str) -> dict[Level, Mark]:
        """Return the newest crossing of each threshold of an account."""
        found = self._marks.get(account_key)
        if found is None:
            found = marks_of(self.session, self._account_ids.get(account_key, 0))
            self._marks[account_key] = found
        return found

    def usage_since(self, since: int) -> Iterator[CountedUse]:
        """Yield the use and reserved amounts since `since`, of the journal and of this batch."""
        # The table does not yet contain the changes of this batch, so those come from memory.
        yield from use_since(self.session, self.interned, since, self._known)
        for seq in sorted(self._known):
            if self._known[seq].at >= since:
                yield from self._known[seq].usage()

    def open_count(self) -> int:
        """Return the number of open reservations."""
        count: int = self.session.execute(self._sql["hold_count"]).fetchone()[0]
        return count

    # -- changes

    def count(self, before: CallRecord | None, after: CallRecord, used: Mapping[str, int]) -> None:
        """Add an event to the sums of its slot."""
        self._slots.count(before, after)
        self._paces.count(self.matching(after.labels), before, after, used)

    def add_account(self, account: Account, since: int, *, is_new: bool = False) -> None:
        """Start to keep balances for an account, for slices that start at `since` or later."""
        if account.key not in self.accounts:
            self._new_accounts.append((account, since, is_new))
        super().add_account(account, since, is_new=is_new)

    def set_mark(self, account_key: str, level: Level, mark: Mark) -> None:
        """Set the newest crossing of a threshold, so that `save` writes it."""
        super().set_mark(account_key, level, mark)
        self._new_marks[account_key, level] = mark

    def forget_marks(self) -> None:
        """Clear cached marks, because compaction has deleted some of them."""
        self._marks.clear()
