"""Reads the journal: records of ids, the use since an instant, the first entry since an instant."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping

from quotakeeper.domain.forecasting.time_buckets import bucket_start
from quotakeeper.domain.ledger.call_record import CallRecord, CountedUse, followed, opened
from quotakeeper.domain.ledger.entries import Entry
from quotakeeper.stores.sql.codec import entry_from, hold_from
from quotakeeper.stores.sql.codes import quantities_from, totals_from
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.damage import (
    UNREADABLE,
    DamagedRowError,
    damaged,
    instant,
    rows_of,
    whole,
)
from quotakeeper.stores.sql.interned import Interned, Row
from quotakeeper.value_classes import replace


class JournalRecords:
    """Reads the records of ids from the journal, one at a time or many at once.

    Records that were fetched many at once stay cached until `forget`.
    """

    def __init__(self, session: SqlSession, interned: Interned) -> None:
        self._session = session
        self._interned = interned
        self._sql = session.sql
        self.keeps_some = False  # whether records are cached
        self._by_id: dict[str, CallRecord | None] = {}
        self._by_seq: dict[int, CallRecord] = {}

    def forget(self) -> None:
        """Clear the cache. Call this when a transaction begins or ends."""
        self._by_id.clear()
        self._by_seq.clear()
        self.keeps_some = False

    def has(self, event_id: str) -> bool:
        """Return whether an id is cached: with its record, or as an id that the journal does not
        have.
        """
        return event_id in self._by_id

    def keep(self, found: Mapping[str, CallRecord | None]) -> None:
        """Cache the records of ids; None for an id that the journal does not have."""
        self._by_id.update(found)
        self._by_seq.update((known.seq, known) for known in found.values() if known is not None)
        self.keeps_some = True

    def by_id(self, event_id: str) -> CallRecord | None:
        """Return the record of an id; None if the journal does not have the id."""
        if event_id in self._by_id:
            return self._by_id[event_id]
        row = self._session.execute(self._sql["opening_by_id"], (event_id,)).fetchone()
        return None if row is None else self._record(row)

    def by_seq(self, seq: int) -> CallRecord:
        """Return the record of the call whose first entry has the number `seq`.

        Raises DamagedRowError if the journal has no entry with this number.
        """
        found = self._by_seq.get(seq)
        if found is None:
            row = self._session.execute(self._sql["entry_by_seq"], (seq,)).fetchone()
            if row is None:
                raise DamagedRowError("the journal has no such entry", seq)
            found = self._record(row)
        return found

    def fetch_ids(self, ids: Collection[str]) -> Collection[CallRecord]:
        """Fetch the records of many ids into the cache, and return them.

        An id that the journal does not have is cached too, with None.
        """
        if not ids:
            return ()
        rows = self._session.rows_of("openings_by_id", [(each,) for each in ids])
        self.keep(dict.fromkeys(ids))
        return self._fetch(rows)

    def fetch_seqs(self, seqs: Collection[int]) -> Collection[CallRecord]:
        """Fetch the records of the calls whose first entries have these numbers, and return them."""
        return self._fetch(self._session.rows_of("openings_by_seq", [(seq,) for seq in seqs]))

    def _record(self, row: Row) -> CallRecord:
        known = opened_by(entry_from(row, self._interned))
        if known.hold is not None:
            held = self._session.execute(self._sql["hold_of"], (known.seq,)).fetchone()
            if held is not None:
                return replace(known, hold=hold_from(known.hold, held))
        for each in self._session.execute(self._sql["ends"], (known.seq,)):
            known = followed_by(known, entry_from(each, self._interned))
        return known

    def _fetch(self, openings: list[Row]) -> Collection[CallRecord]:
        if not openings:
            return ()
        session, interned = self._session, self._interned
        seqs = [(row[0],) for row in openings]
        held = {row[0]: row[1:] for row in session.rows_of("holds_of", seqs)}
        ended = session.rows_of("ends_of", [key for key in seqs if key[0] not in held])
        rows = openings + ended
        interned.fetch([row[5] for row in rows], [row[n] for row in rows for n in (8, 11, 14)])
        found: dict[int, CallRecord] = {}
        for row in openings:
            known = opened_by(entry_from(row, interned))
            if known.hold is not None and known.seq in held:
                known = replace(known, hold=hold_from(known.hold, held[known.seq]))
            found[known.seq] = known
        for row in ended:
            entry = entry_from(row, interned)
            if entry.ref not in found:
                raise DamagedRowError(
                    f"it refers to entry {entry.ref}, which is not a call", entry.seq
                )
            found[entry.ref] = followed_by(found[entry.ref], entry)
        self.keep({known.id: known for known in found.values()})
        return found.values()


def opened_by(entry: Entry) -> CallRecord:
    """Return the record of a call after its first entry. Raises DamagedRowError."""
    try:
        return opened(entry)
    except UNREADABLE as error:
        raise damaged(error, entry.seq, entry.id) from error


def followed_by(known: CallRecord, entry: Entry) -> CallRecord:
    """Return the record of a call after one more entry. Raises DamagedRowError."""
    try:
        return followed(known, entry)
    except UNREADABLE as error:
        raise damaged(error, entry.seq, known.id) from error


def use_since(
    session: SqlSession, interned: Interned, since: int, but_not: Container[int]
) -> Iterator[CountedUse]:
    """Yield the use and the reserved amounts since `since`.

    Calls whose first entry is in `but_not` are left out.
    """
    after = first_seq(session, since) - 1
    held = session.execute(session.sql["holds_since"], (after,))
    used = session.execute(session.sql["usage_since"], (after,))
    for rows, was_used in ((held, False), (used, True)):
        for seq, at, labels_id, text, cost_pico, admitted in rows:
            if seq not in but_not:
                try:
                    labels, quantities = interned.labels(labels_id), quantities_from(text)
                    instant(at)
                    whole(cost_pico or 0)
                except (DamagedRowError, *UNREADABLE) as error:
                    raise damaged(error, seq) from error
                yield CountedUse(at, labels, quantities, cost_pico, was_used, bool(admitted))
    yield from carried_since(session, interned, since)


def carried_since(session: SqlSession, interned: Interned, since: int) -> Iterator[CountedUse]:
    """Yield the use of compacted calls since `since`, by slot. The first slot counts as a whole."""
    for slot, labels_id, *_, totals in session.execute(
        session.sql["carried_slots"], (bucket_start(since), 2**62)
    ):
        with rows_of(f"the totals of time slot {slot!a:.20}"):
            instant(slot)
            labels, (quantities, cost_pico) = interned.labels(labels_id), totals_from(totals)
        yield CountedUse(max(slot, since), labels, quantities, cost_pico, True, False)


def first_seq(session: SqlSession, at: int) -> int:
    """Return the sequence number of the first entry at or after instant `at`.

    Entries are in order of ledger time, so a binary search finds the entry without an index on
    time.
    """
    head = session.execute(session.sql["head"]).fetchone()
    if head is None:
        return 1
    low, high = 1, head[0] + 1
    while low < high:
        middle = (low + high) // 2
        row = session.execute(session.sql["entries_after"], (middle - 1, 1)).fetchone()
        if row is not None and type(row[2]) is not int:
            raise DamagedRowError("its time is not a number", row[0], row[4] or "")
        if row is None or row[2] >= at:
            high = middle
        else:
            low = max(middle, row[0]) + 1  # in a damaged file, the row may come before `middle`
    return low
