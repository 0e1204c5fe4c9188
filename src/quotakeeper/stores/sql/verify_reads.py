"""Verify for SQL: reports every unreadable row, and compares the sums of all other rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from quotakeeper.domain.ledger.entries import Entry
from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.domain.ports import Problem
from quotakeeper.errors import QuotakeeperError
from quotakeeper.stores.sql.bucket_checks import compare_buckets
from quotakeeper.stores.sql.bucket_sums import Sums
from quotakeeper.stores.sql.codec import account_from, entry_from
from quotakeeper.stores.sql.codes import quantities_from
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.damage import (
    UNREADABLE,
    DamagedRowError,
    clean_text,
    described,
    instant,
    rows_of,
    whole,
)
from quotakeeper.stores.sql.interned import Interned, Row
from quotakeeper.stores.sql.state import SqlState
from quotakeeper.stores.verification import compare_balances

_PAGE = 2_000
_ONE_BY_ONE = 1_000  # entries that are read one by one if a page of the file is lost
_LONG_STEP = 100
_FARTHEST = 1_000_000  # a limit, because the number of the newest entry may be damaged too
_ALWAYS = 2**62


def verify_rows(session: SqlSession, zones: ZoneFinder, damage: Sequence[Problem]) -> list[Problem]:
    """Report every unreadable row, then compute the balances from the readable rows and compare
    them.

    An unreadable row can cause a difference, so differences are listed last. The result begins with
    `damage`.
    """
    problems = list(damage)
    for find in (_holds_of_nothing, _unreadable_tables):
        problems += _as_far_as_it_goes(session, find)
    unreadable: list[Problem] = []
    differences: list[Problem] = []
    whole_journal = False
    try:
        kept = SqlState(session, zones)
        kept.refresh()
        differences += compare_balances(
            kept, _journal(session, unreadable), zones, lambda seq, end: _about(session, seq, end),
            session.execute(session.sql["carried_balances"]).fetchall(),
        )  # fmt: skip
        whole_journal = True
        numbered = [
            (kept.account_id(a), a, since) for a, since in kept.accounts.values() if not a.per
        ]
        differences += compare_buckets(session, numbered)
    except Exception as error:  # noqa: BLE001 - `_reason` raises errors that mean no damage
        differences.append(Problem(f"the rest cannot be compared: {_reason(session, error)}"))
    if not whole_journal:
        unreadable.clear()
        problems += _as_far_as_it_goes(session, _unreadable_entries)
    problems += unreadable
    if problems and differences:
        problems.append(Problem("the differences below were found without the unreadable rows"))
    return problems + differences


def _reason(session: SqlSession, error: Exception) -> str:
    """Return why reading failed. Raises `error` itself if it does not mean damage."""
    if isinstance(error, DamagedRowError):
        return str(error)
    if session.dialect.is_damage(error):
        return str(error)
    if isinstance(error, (*UNREADABLE, QuotakeeperError)):
        return f"{type(error).__name__}: {error}"
    raise error


def _as_far_as_it_goes(
    session: SqlSession, find: Callable[[SqlSession], Iterator[Problem]]
) -> list[Problem]:
    found: list[Problem] = []
    try:
        for problem in find(session):
            found.append(problem)
    except Exception as error:  # noqa: BLE001 - as above
        found.append(Problem(f"the rest cannot be read: {_reason(session, error)}"))
    return found


# -- the journal


def _journal(session: SqlSession, unreadable: list[Problem]) -> Iterator[Entry]:
    """Yield the readable entries in order. The problems of other entries are added to `unreadable`."""
    interned = Interned(session)
    head = _head(session)
    after = lost_since = 0
    while True:
        rows, failed = _rows_after(session, after)
        if rows and lost_since:
            unreadable.append(_lost(lost_since, rows[0][0] - 1))
            lost_since = 0
        yield from _readable(rows, interned, unreadable)
        if rows:
            if rows[-1][0] <= after:  # the next page would be the same page again
                unreadable.append(_lost(after + 1, None))
                break
            after = rows[-1][0]
        if failed is None and len(rows) < _PAGE:
            break
        if failed is not None and not rows:
            lost_since = lost_since or after + 1
            after += 1 if after - lost_since < _ONE_BY_ONE else _LONG_STEP
            if head is None or after >= head or after - lost_since > _FARTHEST:
                break
    if lost_since:
        unreadable.append(_lost(lost_since, head))


def _readable(
    rows: Sequence[Row], interned: Interned, unreadable: list[Problem]
) -> Iterator[Entry]:
    for row in rows:
        try:
            entry = entry_from(row, interned)
        except DamagedRowError as error:
            unreadable.append(Problem(str(error)))
        else:
            yield entry


def _rows_after(session: SqlSession, after: int) -> tuple[list[Row], Exception | None]:
    rows: list[Row] = []
    try:
        for row in session.execute(session.sql["entries_after"], (after, _PAGE)):
            rows.append(row)
    except Exception as error:
        if not session.dialect.is_damage(error):
            raise
        return rows, error
    return rows, None


def _head(session: SqlSession) -> int | None:
    try:
        row = session.execute(session.sql["head"]).fetchone()
    except Exception as error:
        if not session.dialect.is_damage(error):
            raise
        return None
    return None if row is None else int(row[0])


def journal_of(session: SqlSession) -> Iterator[Entry]:
    """Yield all entries in order. Raises DamagedRowError if an entry cannot be read."""
    unreadable: list[Problem] = []
    for entry in _journal(session, unreadable):
        if unreadable:
            break
        yield entry
    if unreadable:
        raise DamagedRowError(unreadable[0].what)


def look_up_in(session: SqlSession) -> Callable[[int, int], Iterator[Entry]]:
    """Return a function `find(seq, before)` that yields the entries about one call.

    `seq` is the number of the call's first entry. Only entries before number `before` are yielded.
    """
    return lambda seq, before: _about(session, seq, before)


def _lost(first: int, last: int | None) -> Problem:
    upto = "on" if last is None else f"to {last}"
    return Problem(f"entries from {first} {upto} cannot be read: their part of the file is damaged")


def _unreadable_entries(session: SqlSession) -> Iterator[Problem]:
    unreadable: list[Problem] = []
    for _ in _journal(session, unreadable):
        yield from unreadable
        unreadable.clear()
    yield from unreadable


def _about(session: SqlSession, seq: int, before: int) -> Iterator[Entry]:
    interned = Interned(session)
    for query in ("entry_by_seq", "ends"):
        for row in session.execute(session.sql[query], (seq,)).fetchall():
            if row[0] < before:
                try:
                    yield entry_from(row, interned)
                except DamagedRowError:  # reported as an entry elsewhere
                    continue


# -- the other tables


def _holds_of_nothing(session: SqlSession) -> Iterator[Problem]:
    for row in session.execute(session.sql["holds_of_nothing"]).fetchall():
        yield Problem(f"open reservation {row[0]}: the journal does not contain it")


def _unreadable_tables(session: SqlSession) -> Iterator[Problem]:
    interned = Interned(session)

    def labels_of(row: Row) -> None:
        interned.labels(row[0])

    def account_of(row: Row) -> None:
        account_from(row[1:9])
        instant(row[9])

    def sums_of(row: Row) -> None:
        instant(row[0])
        interned.labels(row[1])
        Sums(*row[4:])

    def hold_of(row: Row) -> None:
        _, owner, expires_at, sent, quantities, cost_pico = row
        clean_text(owner)
        for number in (expires_at, sent, cost_pico or 0):
            whole(number)
        quantities_from(quantities)

    always = (-_ALWAYS, _ALWAYS)
    for what, statement, values, check in (
        ("labels", "labels_numbers", (), labels_of),
        ("account", "accounts", (0,), account_of),
        ("open reservation", "hold_rows", (), hold_of),
        ("the totals of time slot", "slots_between", always, sums_of),
        ("the compacted totals of time slot", "carried_slots", always, sums_of),
    ):
        yield from _unreadable_rows(session, what, statement, values, check)


def _unreadable_rows(
    session: SqlSession, what: str, statement: str, values: tuple[int, ...],
    check: Callable[[Row], None],
) -> Iterator[Problem]:  # fmt: skip
    rows: list[Row] = []
    try:
        for row in session.execute(session.sql[statement], values):
            rows.append(row)
    except Exception as error:  # noqa: BLE001 - as above
        yield Problem(f"{what}: the rest of the table cannot be read: {_reason(session, error)}")
    for row in rows:
        try:
            with rows_of(f"{what} {row[0]!a:.20}"):
                check(row)
        except DamagedRowError as error:
            yield Problem(described(error.what, error.seq, error.entry_id))
