"""Long reads: on a connection of their own, in pages, so that they never hold up a writer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from quotakeeper.domain.entries import Entry, event_from
from quotakeeper.domain.state import ZoneFinder
from quotakeeper.domain.store import EventQuery, Problem
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.stores.audit import compare_balances
from quotakeeper.stores.sqlite.cached import SqliteState, first_seq
from quotakeeper.stores.sqlite.connection import connect_read_only, translated
from quotakeeper.stores.sqlite.queries import queries
from quotakeeper.stores.sqlite.rows import Interned, entry_from

_PAGE = 2_000
_ALWAYS = 2**62


def read_events(path: Path, query: EventQuery) -> Iterator[UsageEvent]:
    """Events in the order they were booked, a page to a transaction."""
    left = query.limit if query.limit is not None else _ALWAYS
    with closing(connect_read_only(path)) as connection:
        interned = Interned(connection)
        after, before = _range(connection, query)
        text = queries()["events_down" if query.newest_first else "events_up"]
        while left > 0:
            page = min(_PAGE, left)
            values = {
                "after": after, "before": before, "page": page,
                "since": -_ALWAYS if query.since is None else query.since,
                "until": _ALWAYS if query.until is None else query.until,
                "provider": query.provider, "model": query.model, "operation": query.operation,
            }  # fmt: skip
            try:
                rows = connection.execute(text, values).fetchall()
            except sqlite3.Error as error:
                raise translated(path, error) from error
            for row in rows:
                yield _event(entry_from(row, interned))
            if len(rows) < page:
                return
            left -= len(rows)
            after, before = (after, rows[-1][0]) if query.newest_first else (rows[-1][0], before)


def read_entries(path: Path, after: int) -> Iterator[Entry]:
    """The journal after a sequence number."""
    with closing(connect_read_only(path)) as connection:
        yield from _entries(connection, after)


def verify_file(path: Path, zones: ZoneFinder) -> list[Problem]:
    """Check the file itself, then derive every balance again in one snapshot."""
    with closing(connect_read_only(path)) as connection:
        try:
            connection.execute("BEGIN")
            problems = [
                Problem(f"file: {row[0]}")
                for row in connection.execute("PRAGMA integrity_check")
                if row[0] != "ok"
            ]
            for row in connection.execute("PRAGMA foreign_key_check"):
                problems.append(Problem(f"table {row[0]}, row {row[1]}: refers to nothing"))
            kept = SqliteState(connection, zones)
            kept.refresh()
            problems += compare_balances(kept, _entries(connection, 0), zones)
        except sqlite3.Error as error:
            raise translated(path, error) from error
    return problems


def _entries(connection: sqlite3.Connection, after: int) -> Iterator[Entry]:
    interned = Interned(connection)
    while True:
        rows = connection.execute(queries()["entries_after"], (after, _PAGE)).fetchall()
        for row in rows:
            yield entry_from(row, interned)
        if len(rows) < _PAGE:
            return
        after = rows[-1][0]


def _range(connection: sqlite3.Connection, query: EventQuery) -> tuple[int, int]:
    after = 0 if query.since is None else first_seq(connection, query.since) - 1
    before = _ALWAYS if query.until is None else first_seq(connection, query.until)
    return after, before


def _event(entry: Entry) -> UsageEvent:
    assert entry.labels is not None and entry.figures is not None
    return event_from(entry.id, entry.at, entry.labels, entry.figures)
