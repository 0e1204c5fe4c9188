"""Long reads: on a connection of their own, in pages, so that they never hold up a writer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quotakeeper.domain.forecasting.time_buckets import BucketSum, in_order
from quotakeeper.domain.ledger.entries import Entry, event_from
from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.domain.ports import EventQuery, Problem
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.stores.sql.bucket_sums import compare_buckets
from quotakeeper.stores.sql.codec import Interned, Row, entry_from
from quotakeeper.stores.sql.codes import OUTCOMES, PROVENANCES, totals_from
from quotakeeper.stores.sql.state import SqlState, first_seq
from quotakeeper.stores.sql.statements import statements
from quotakeeper.stores.sqlite.connection import connect_read_only, translated
from quotakeeper.stores.sqlite.fork_guard import for_a_moment
from quotakeeper.stores.verification import compare_balances

_PAGE = 2_000
_ALWAYS = 2**62


def read_events(path: Path, query: EventQuery) -> Iterator[UsageEvent]:
    """Events in the order they were booked, a page to a transaction."""
    left = query.limit if query.limit is not None else _ALWAYS
    text = statements()["events_down" if query.newest_first else "events_up"]
    bounds: tuple[int, int] | None = None
    while left > 0:
        page = min(_PAGE, left)
        with for_a_moment(connect_read_only, path) as connection, _errors_of(path):
            after, before = bounds or _range(connection, query)
            values = {
                "after": after, "before": before, "page": page,
                "since": -_ALWAYS if query.since is None else query.since,
                "until": _ALWAYS if query.until is None else query.until,
                "provider": query.provider, "model": query.model, "operation": query.operation,
            }  # fmt: skip
            rows = connection.execute(text, values).fetchall()
            interned = Interned(connection)
            entries = [entry_from(row, interned) for row in rows]
        yield from map(_event, entries)
        if len(rows) < page:
            return
        left -= len(rows)
        last: int = rows[-1][0]
        bounds = (after, last) if query.newest_first else (last, before)


def read_entries(path: Path, after: int) -> Iterator[Entry]:
    """The journal after a sequence number."""
    page: list[Entry] | None = None
    while page is None or len(page) == _PAGE:
        with for_a_moment(connect_read_only, path) as connection, _errors_of(path):
            page = _page(connection, Interned(connection), after)
        yield from page
        after = page[-1].seq if page else after


def read_buckets(path: Path, since: int | None, until: int | None) -> Iterator[BucketSum]:
    """Sums of five minutes, a page to a transaction; a page ends where a slot does."""
    after = -_ALWAYS if since is None else since
    before = _ALWAYS if until is None else until
    text = statements()["slots_between"]
    while after < before:
        with for_a_moment(connect_read_only, path) as connection, _errors_of(path):
            page = connection.execute(text, (after, before)).fetchmany(_PAGE)
            if len(page) == _PAGE:  # the last slot may go on
                last = page[-1][0]
                whole = [row for row in page if row[0] < last]
                page = whole or connection.execute(text, (last, last + 1)).fetchall()
            after = page[-1][0] + 1 if page else before
            interned = Interned(connection)
            found = sorted((_slot(row, interned) for row in page), key=in_order)
        yield from found


def _slot(row: Row, interned: Interned) -> BucketSum:
    at, labels_id, provenance, outcome, calls, unpriced, totals = row
    quantities, cost_pico = totals_from(totals)
    return BucketSum(at, interned.labels(labels_id), PROVENANCES[provenance - 1],
                   OUTCOMES[outcome - 1], calls, unpriced, quantities, cost_pico)  # fmt: skip


def verify_file(path: Path, zones: ZoneFinder) -> list[Problem]:
    """Check the file itself, then derive every balance again in one snapshot."""
    with for_a_moment(connect_read_only, path) as connection, _errors_of(path):
        connection.execute("BEGIN")
        problems = [
            Problem(f"file: {row[0]}")
            for row in connection.execute("PRAGMA integrity_check")
            if row[0] != "ok"
        ]
        for row in connection.execute("PRAGMA foreign_key_check"):
            problems.append(Problem(f"table {row[0]}, row {row[1]}: refers to nothing"))
        for row in connection.execute(statements()["holds_of_nothing"]):
            problems.append(Problem(f"open reservation {row[0]}: the journal has none"))
        if problems:  # nothing can be derived from a journal that has holes
            return problems
        kept = SqlState(connection, zones)
        kept.refresh()
        problems += compare_balances(
            kept, _entries(connection, 0), zones, lambda seq, end: _about(connection, seq, end),
            connection.execute(statements()["carried_balances"]).fetchall(),
        )  # fmt: skip
        numbered = [(kept.account_id(a), a, since) for a, since in kept.accounts.values()]
        problems += compare_buckets(connection, numbered)
    return problems


@contextmanager
def _errors_of(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise translated(path, error) from error


def _entries(connection: sqlite3.Connection, after: int) -> Iterator[Entry]:
    interned = Interned(connection)
    page: list[Entry] | None = None
    while page is None or len(page) == _PAGE:
        page = _page(connection, interned, after)
        yield from page
        after = page[-1].seq if page else after


def _about(connection: sqlite3.Connection, seq: int, before: int) -> Iterator[Entry]:
    interned = Interned(connection)
    for query in ("entry_by_seq", "ends"):
        for row in connection.execute(statements()[query], (seq,)).fetchall():
            if row[0] < before:
                yield entry_from(row, interned)


def _page(connection: sqlite3.Connection, interned: Interned, after: int) -> list[Entry]:
    rows = connection.execute(statements()["entries_after"], (after, _PAGE)).fetchall()
    return [entry_from(row, interned) for row in rows]


def _range(connection: sqlite3.Connection, query: EventQuery) -> tuple[int, int]:
    if query.id:
        row = connection.execute(statements()["opening_by_id"], (query.id,)).fetchone()
        return (row[0] - 1, row[0] + 1) if row is not None else (0, 0)
    after = 0 if query.since is None else first_seq(connection, query.since) - 1
    if query.until is None:
        return after, _ALWAYS
    before = first_seq(connection, query.until)
    # Written down later than it was made: what counts before `until` may stand after it.
    span = (-_ALWAYS if query.since is None else query.since, query.until)
    late = connection.execute(statements()["last_booked"], span).fetchone()[0]
    return after, before if late is None else max(before, late + 1)


def _event(entry: Entry) -> UsageEvent:
    assert entry.labels is not None and entry.figures is not None
    return event_from(entry.id, entry.counts_at, entry.labels, entry.figures)
