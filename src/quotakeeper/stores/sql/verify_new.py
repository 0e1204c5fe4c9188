"""Verify what is new: goes on from the last verified entry, in short snapshots.

It reads the entries after the mark and everything that they changed: balances, open reservations,
crossed thresholds, sums by slot. Balances that they did not change are compared with those of the
mark. Entries before the mark are not read again, so damage there is found by a whole run only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager

from quotakeeper.domain.forecasting.time_buckets import BUCKET
from quotakeeper.domain.ledger.entries import CLOCK_REPAIRED, Entry, Kind
from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.domain.limits import Account
from quotakeeper.domain.ports import Problem, Verification
from quotakeeper.errors import LedgerCorruptError
from quotakeeper.stores.sql.bucket_checks import Span, compare_buckets
from quotakeeper.stores.sql.codec import entry_from
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.damage import DamagedRowError
from quotakeeper.stores.sql.interned import Interned
from quotakeeper.stores.sql.notice_rows import notices_after
from quotakeeper.stores.sql.state import SqlState
from quotakeeper.stores.sql.verified_mark import (
    VerifiedMark,
    VerifiedRows,
    calls_open_at,
    read_mark,
    rows_to_keep,
    verified_balances,
    verified_marks,
)
from quotakeeper.stores.sql.verify_reads import look_up_in, verify_rows
from quotakeeper.stores.verification import JournalCheck, StartingPoint

_PAGE = 2_000  # entries in one snapshot
_MOST_SLOTS = 12  # in one snapshot
_ATTEMPTS = 3
_ALWAYS = 2**62

# Opens a connection for reading, in one snapshot, and closes it afterwards.
Snapshot = Callable[[], AbstractContextManager[SqlSession]]
# Finds damage that only this database can have.
DamageFinder = Callable[[SqlSession], list[Problem]]

COMPACTED = "the journal was compacted after the last run"
SET_BACK = "the ledger was set back after the last run"
NEW_LIMIT = "a limit was added that counts earlier calls"
DIFFERENT = "the new entries do not fit what the last run found"


class WholeRunNeededError(Exception):
    """The new entries alone cannot be verified. `why` is the reason; "" for a first run."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


class _AccountsChangedError(Exception):
    """Another process added an account during the run."""


def verify_further(
    snapshot: Snapshot, zones: ZoneFinder, keep: Callable[[VerifiedRows], None], *,
    find_damage: DamageFinder, beside: DamageFinder, whole: bool,
) -> Verification:  # fmt: skip
    """Verify what is new since the last run; everything with `whole`, or if that is not possible.

    Calls `keep` with the new mark if there is no problem. A whole run also calls `find_damage`.
    Each run calls `beside`, which finds the problems of what is not in the journal; it is the last
    to use its snapshot.
    """
    why = ""
    if not whole:
        try:
            found, rows = _verify_new(snapshot, zones, beside)
        except WholeRunNeededError as needed:
            why = needed.why
        else:
            if rows is not None:
                keep(rows)
            return found
    rows, newest = None, 0
    with snapshot() as session:
        problems = verify_rows(session, zones, find_damage(session))
        if not problems:
            rows = rows_to_keep(session, read_mark(session))
        problems += beside(session)
        rows = None if problems else rows
        newest = 0 if rows is None else rows.mark.seq
    if rows is not None:
        keep(rows)
    return Verification(tuple(problems), 0, newest, why)


def _verify_new(
    snapshot: Snapshot, zones: ZoneFinder, beside: DamageFinder
) -> tuple[Verification, VerifiedRows | None]:
    for _ in range(_ATTEMPTS):
        try:
            return _NewEntries(snapshot, zones).verified(beside)
        except _AccountsChangedError:
            continue
        except (DamagedRowError, LedgerCorruptError, LookupError) as error:
            raise WholeRunNeededError(DIFFERENT) from error
    raise WholeRunNeededError(NEW_LIMIT)


class _NewEntries:
    """One run over the entries after the mark."""

    def __init__(self, snapshot: Snapshot, zones: ZoneFinder) -> None:
        self._snapshot = snapshot
        self._zones = zones
        with snapshot() as session:
            mark = read_mark(session)
            if mark is None:
                raise WholeRunNeededError("")
            self._mark = mark
            self._session = session
            self._accounts = _accounts(session, zones)
            _check_start(session, mark, self._accounts)
            self._check = JournalCheck(
                [each[1:] for each in self._accounts], zones,
                lambda seq, before: look_up_in(self._session)(seq, before),
            )  # fmt: skip
            self._slots = self._check.start_from(_point(session, mark))

    def verified(self, beside: DamageFinder) -> tuple[Verification, VerifiedRows | None]:
        """Return what was verified, and the new mark. Raises WholeRunNeededError at a difference."""
        rows, is_last = None, False
        while not is_last:
            with self._snapshot() as session:
                self._session = session
                is_last = self._follow(session)
                if is_last:
                    rows = self._compare(session)
                    _check_no(beside(session))
        accounts = [each for each in self._accounts if not each[1].per]
        for span in _spans(self._slots):
            with self._snapshot() as session:
                _check_no(compare_buckets(session, accounts, span))
        return Verification((), self._mark.seq, self._check.seq), rows

    def _follow(self, session: SqlSession) -> bool:
        """Replay one page. Returns whether it was the last one."""
        interned = Interned(session)
        text = session.sql["entries_after"]
        rows = session.execute(text, (self._check.seq, _PAGE)).fetchall()
        self._check.follow(_as_new(entry_from(row, interned) for row in rows))
        if self._check.has_gap:
            raise WholeRunNeededError(COMPACTED)
        _check_no(self._check.problems)
        return len(rows) < _PAGE

    def _compare(self, session: SqlSession) -> VerifiedRows | None:
        kept = SqlState(session, self._zones)
        kept.refresh()
        if kept.accounts.keys() != {account.key for _, account, _ in self._accounts}:
            raise _AccountsChangedError
        _check_no(self._check.compared_with(kept))
        return rows_to_keep(session, self._mark)


def _check_no(problems: Sequence[Problem]) -> None:
    """Raise WholeRunNeededError if there is a problem: a whole run describes it better."""
    if problems:
        raise WholeRunNeededError(DIFFERENT)


def _accounts(session: SqlSession, zones: ZoneFinder) -> list[tuple[int, Account, int]]:
    """Return all accounts: row number, account, and the instant from which its use is kept."""
    state = SqlState(session, zones)
    state.refresh()
    return [(state.account_id(each), each, since) for each, since in state.accounts.values()]


def _check_start(
    session: SqlSession, mark: VerifiedMark, accounts: Iterable[tuple[int, Account, int]]
) -> None:
    """Raise WholeRunNeededError if the run cannot begin at the mark."""
    head = session.execute(session.sql["head"]).fetchone()
    at = session.execute(session.sql["instant_of"], (mark.seq,)).fetchone()
    if head is None or head[0] < mark.seq or (at is not None and at[0] != mark.at):
        raise WholeRunNeededError(SET_BACK)
    new = [
        account
        for number, account, since in accounts
        if number > mark.accounts and since <= mark.at and not account.per
    ]
    if not new:
        return
    interned = Interned(session)
    for (number,) in session.execute(session.sql["labels_numbers"]).fetchall():
        if number <= mark.labels and any(each.matches(interned.labels(number)) for each in new):
            raise WholeRunNeededError(NEW_LIMIT)


def _point(session: SqlSession, mark: VerifiedMark) -> StartingPoint:
    notices = [entry for entry in notices_after(session, 0) if entry.seq <= mark.seq]
    try:
        open_calls = list(calls_open_at(session, mark))
    except KeyError as error:
        raise WholeRunNeededError(COMPACTED) from error
    return StartingPoint(
        mark.seq, mark.at, verified_balances(session), verified_marks(session), open_calls, notices
    )


def _as_new(entries: Iterable[Entry]) -> Iterator[Entry]:
    for entry in entries:
        notice = entry.notice
        if entry.kind is Kind.CLOCK and notice is not None and notice.subject == CLOCK_REPAIRED:
            raise WholeRunNeededError(SET_BACK)
        yield entry


def _spans(slots: Iterable[int]) -> Iterator[Span]:
    """Yield spans of time that cover all slots, each with a few slots that follow each other."""
    since = until = -_ALWAYS
    for slot in sorted(slots):
        if slot != until or until - since >= _MOST_SLOTS * BUCKET:
            if until > since:
                yield since, until
            since = slot
        until = slot + BUCKET
    if until > since:
        yield since, until
