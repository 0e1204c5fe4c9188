"""Long reads on a separate connection, page by page, so that they never block a writer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from quotakeeper.domain.forecasting.time_buckets import BucketSum, bucket_start, in_order
from quotakeeper.domain.ledger.entries import Entry, event_from
from quotakeeper.domain.ports import EventQuery
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.stores.sql.codec import entry_from
from quotakeeper.stores.sql.codes import OUTCOMES, PROVENANCES, totals_from
from quotakeeper.stores.sql.connection import Rows, SqlSession
from quotakeeper.stores.sql.damage import DamagedRowError, code, instant, rows_of, whole
from quotakeeper.stores.sql.interned import Interned, Row
from quotakeeper.stores.sql.journal import first_seq

_PAGE = 2_000
_ALWAYS = 2**62

# Opens a connection for reading and closes it afterwards. Errors inside become ledger errors.
Opening = Callable[[], AbstractContextManager[SqlSession]]


def read_events(opening: Opening, query: EventQuery) -> Iterator[UsageEvent]:
    """Yield events in the order in which they were booked, one transaction per page."""
    left = query.limit if query.limit is not None else _ALWAYS
    name = "events_down" if query.newest_first else "events_up"
    bounds: tuple[int, int] | None = None
    while left > 0:
        page = min(_PAGE, left)
        with opening() as session:
            after, before = bounds or _range(session, query)
            values = {
                "after": after, "before": before, "page": page,
                "since": -_ALWAYS if query.since is None else query.since,
                "until": _ALWAYS if query.until is None else query.until,
                "provider": query.provider, "model": query.model, "operation": query.operation,
            }  # fmt: skip
            rows = session.execute(session.sql[name], values)
            down = query.newest_first
            entries, all_read = _entries_of(session, rows, before if down else after, down=down)
        yield from map(_event, entries)
        if all_read and len(entries) < page:
            return
        left -= len(entries)
        last = entries[-1].seq
        bounds = (after, last) if query.newest_first else (last, before)


def read_entries(opening: Opening, after: int) -> Iterator[Entry]:
    """Yield the journal entries after sequence number `after`."""
    page: list[Entry] = []
    more = True
    while more:
        with opening() as session:
            rows = session.execute(session.sql["entries_after"], (after, _PAGE))
            page, all_read = _entries_of(session, rows, after)
        yield from page
        after = page[-1].seq if page else after
        more = not all_read or len(page) == _PAGE


def _entries_of(
    session: SqlSession, rows: Rows, beyond: int, *, down: bool = False
) -> tuple[list[Entry], bool]:
    """Return the readable entries at the beginning of a page, and whether the whole page was
    readable.

    Raises DamagedRowError if the first row is unreadable. So a caller first gets all readable
    entries, and gets the error when it reads the next page. Entry numbers must rise from `beyond`;
    with `down`, they must fall. Otherwise a damaged file could return the same page again and
    again.
    """
    fetched: list[Row] = []
    entries: list[Entry] = []
    try:
        for row in rows:
            fetched.append(row)
    except Exception as error:
        if not (fetched and session.dialect.is_damage(error)):
            raise
        all_read = False
    else:
        all_read = True
    interned = Interned(session)
    for row in fetched:
        try:
            if row[0] >= beyond if down else row[0] <= beyond:
                raise DamagedRowError("it is out of order in the file", row[0])
            entries.append(entry_from(row, interned))
            beyond = row[0]
        except DamagedRowError:
            if not entries:
                raise
            return entries, False
    return entries, all_read


def read_buckets(opening: Opening, since: int | None, until: int | None) -> Iterator[BucketSum]:
    """Yield the sums of five-minute slots, one transaction per page. No slot is split between two
    pages.
    """
    after = -_ALWAYS if since is None else since
    before = _ALWAYS if until is None else until
    while after < before:
        with opening() as session:
            text = session.sql["slots_between"]
            page = session.execute(text, (after, before)).fetchmany(_PAGE)
            if len(page) == _PAGE:  # the last slot may continue on the next page
                last = _bucket_after(page[-1][0], after) - 1
                whole = [row for row in page if row[0] < last]
                page = whole or session.execute(text, (last, last + 1)).fetchall()
            after = _bucket_after(page[-1][0], after) if page else before
            interned = Interned(session)
            found = sorted((_bucket(row, interned) for row in page), key=in_order)
        yield from found


def _bucket_after(slot: object, after: int) -> int:
    with rows_of(f"the totals of time slot {slot!a:.20}"):
        if whole(slot) < after:
            raise ValueError("they are out of order in the file")
        return whole(slot) + 1


def unpriced_buckets(session: SqlSession, since: int) -> list[BucketSum]:
    """Return the sums by slot that contain a call without a price, from the slot of `since` on."""
    interned = Interned(session)
    rows = session.execute(session.sql["unpriced_slots"], (bucket_start(since),))
    return [_bucket(row, interned) for row in rows.fetchall()]


def _bucket(row: Row, interned: Interned) -> BucketSum:
    with rows_of(f"the totals of time slot {row[0]!a:.20}"):
        at, labels_id, provenance, outcome, calls, unpriced, totals = row
        quantities, cost_pico = totals_from(totals)
        return BucketSum(instant(at), interned.labels(labels_id),
                         PROVENANCES[code(PROVENANCES, provenance)],
                         OUTCOMES[code(OUTCOMES, outcome)], whole(calls), whole(unpriced),
                         quantities, cost_pico)  # fmt: skip


def _range(session: SqlSession, query: EventQuery) -> tuple[int, int]:
    if query.id:
        row = session.execute(session.sql["opening_by_id"], (query.id,)).fetchone()
        return (row[0] - 1, row[0] + 1) if row is not None else (0, 0)
    after = 0 if query.since is None else first_seq(session, query.since) - 1
    if query.until is None:
        return after, _ALWAYS
    before = first_seq(session, query.until)
    # An event that was recorded late may come after `before` in the journal, but count before
    # `until`.
    span = (-_ALWAYS if query.since is None else query.since, query.until)
    late = session.execute(session.sql["last_booked"], span).fetchone()[0]
    return after, before if late is None else max(before, late + 1)


def _event(entry: Entry) -> UsageEvent:
    assert entry.labels is not None and entry.figures is not None
    return event_from(entry.id, entry.counts_at, entry.labels, entry.figures)
