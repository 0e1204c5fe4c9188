"""Long reads: on a connection of their own, in pages, so that they never hold up a writer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

from quotakeeper.domain.forecasting.time_buckets import BucketSum, bucket_start, in_order
from quotakeeper.domain.ledger.entries import Entry, event_from
from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.domain.ports import EventQuery, Problem
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.stores.sql.bucket_sums import compare_buckets
from quotakeeper.stores.sql.codec import entry_from
from quotakeeper.stores.sql.codes import OUTCOMES, PROVENANCES, totals_from
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.interned import Interned, Row
from quotakeeper.stores.sql.journal import first_seq
from quotakeeper.stores.sql.state import SqlState
from quotakeeper.stores.verification import compare_balances

_PAGE = 2_000
_ALWAYS = 2**62

# Opens a connection for reading and closes it at the end; errors within come out as the ledger's.
Opening = Callable[[], AbstractContextManager[SqlSession]]


def read_events(opening: Opening, query: EventQuery) -> Iterator[UsageEvent]:
    """Events in the order they were booked, a page to a transaction."""
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
            rows = session.execute(session.sql[name], values).fetchall()
            interned = Interned(session)
            entries = [entry_from(row, interned) for row in rows]
        yield from map(_event, entries)
        if len(rows) < page:
            return
        left -= len(rows)
        last: int = rows[-1][0]
        bounds = (after, last) if query.newest_first else (last, before)


def read_entries(opening: Opening, after: int) -> Iterator[Entry]:
    """The journal after a sequence number."""
    page: list[Entry] | None = None
    while page is None or len(page) == _PAGE:
        with opening() as session:
            page = _page(session, Interned(session), after)
        yield from page
        after = page[-1].seq if page else after


def read_buckets(opening: Opening, since: int | None, until: int | None) -> Iterator[BucketSum]:
    """Sums of five minutes, a page to a transaction; a page ends where a slot does."""
    after = -_ALWAYS if since is None else since
    before = _ALWAYS if until is None else until
    while after < before:
        with opening() as session:
            text = session.sql["slots_between"]
            page = session.execute(text, (after, before)).fetchmany(_PAGE)
            if len(page) == _PAGE:  # the last slot may go on
                last = page[-1][0]
                whole = [row for row in page if row[0] < last]
                page = whole or session.execute(text, (last, last + 1)).fetchall()
            after = page[-1][0] + 1 if page else before
            interned = Interned(session)
            found = sorted((_bucket(row, interned) for row in page), key=in_order)
        yield from found


def unpriced_buckets(session: SqlSession, since: int) -> list[BucketSum]:
    """The sums of five minutes since an instant in which a call has no price."""
    interned = Interned(session)
    rows = session.execute(session.sql["unpriced_slots"], (bucket_start(since),))
    return [_bucket(row, interned) for row in rows.fetchall()]


def _bucket(row: Row, interned: Interned) -> BucketSum:
    at, labels_id, provenance, outcome, calls, unpriced, totals = row
    quantities, cost_pico = totals_from(totals)
    return BucketSum(at, interned.labels(labels_id), PROVENANCES[provenance - 1],
                   OUTCOMES[outcome - 1], calls, unpriced, quantities, cost_pico)  # fmt: skip


def verify_rows(session: SqlSession, zones: ZoneFinder, damage: Sequence[Problem]) -> list[Problem]:
    """Derive every balance again in one snapshot, unless the file or its tables have damage."""
    problems = list(damage)
    for row in session.execute(session.sql["holds_of_nothing"]):
        problems.append(Problem(f"open reservation {row[0]}: the journal has none"))
    if problems:  # nothing can be derived from a journal that has holes
        return problems
    kept = SqlState(session, zones)
    kept.refresh()
    problems += compare_balances(
        kept, _entries(session, 0), zones, lambda seq, end: _about(session, seq, end),
        session.execute(session.sql["carried_balances"]).fetchall(),
    )  # fmt: skip
    numbered = [(kept.account_id(a), a, since) for a, since in kept.accounts.values() if not a.per]
    problems += compare_buckets(session, numbered)
    return problems


def _entries(session: SqlSession, after: int) -> Iterator[Entry]:
    interned = Interned(session)
    page: list[Entry] | None = None
    while page is None or len(page) == _PAGE:
        page = _page(session, interned, after)
        yield from page
        after = page[-1].seq if page else after


def _about(session: SqlSession, seq: int, before: int) -> Iterator[Entry]:
    interned = Interned(session)
    for query in ("entry_by_seq", "ends"):
        for row in session.execute(session.sql[query], (seq,)).fetchall():
            if row[0] < before:
                yield entry_from(row, interned)


def _page(session: SqlSession, interned: Interned, after: int) -> list[Entry]:
    rows = session.execute(session.sql["entries_after"], (after, _PAGE)).fetchall()
    return [entry_from(row, interned) for row in rows]


def _range(session: SqlSession, query: EventQuery) -> tuple[int, int]:
    if query.id:
        row = session.execute(session.sql["opening_by_id"], (query.id,)).fetchone()
        return (row[0] - 1, row[0] + 1) if row is not None else (0, 0)
    after = 0 if query.since is None else first_seq(session, query.since) - 1
    if query.until is None:
        return after, _ALWAYS
    before = first_seq(session, query.until)
    # Written down later than it was made: what counts before `until` may stand after it.
    span = (-_ALWAYS if query.since is None else query.since, query.until)
    late = session.execute(session.sql["last_booked"], span).fetchone()[0]
    return after, before if late is None else max(before, late + 1)


def _event(entry: Entry) -> UsageEvent:
    assert entry.labels is not None and entry.figures is not None
    return event_from(entry.id, entry.counts_at, entry.labels, entry.figures)
