"""How far a ledger is verified: the last verified entry, and the balances and marks as they were
then.

A later run begins with them, so that it reads only the entries after that one. Nothing else depends
on these rows. If they are lost or wrong, the next run reads the whole journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from quotakeeper.domain.ledger.call_record import CallRecord
from quotakeeper.domain.ledger.places import Level, Mark
from quotakeeper.domain.ledger.reservations import Balance
from quotakeeper.stores.sql.codec import entry_from
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.interned import Interned, Row
from quotakeeper.stores.sql.journal import followed_by, opened_by


class VerifiedMark(NamedTuple):
    """The last verified entry, and what was known then.

    - `seq` and `at`: the number and the instant of that entry.
    - `accounts` and `labels`: the largest row numbers of these tables.
    - `calls`: the numbers of the first entries of open calls, separated by spaces.
    """

    seq: int
    at: int
    accounts: int
    labels: int
    calls: str


class VerifiedRows(NamedTuple):
    """A mark, and the rows that differ from those of the mark before.

    `before` is the number of the entry at the mark before; None without one.
    """

    mark: VerifiedMark
    before: int | None
    balances: list[Row]
    marks: list[Row]
    gone_balances: list[Row]
    gone_marks: list[Row]


def read_mark(session: SqlSession) -> VerifiedMark | None:
    """Return the mark of the ledger; None without one."""
    if not session.execute(session.sql["has_verified"]).fetchone()[0]:
        return None  # an older version made this ledger, and none has opened it for writing since
    row = session.execute(session.sql["verified"]).fetchone()
    return None if row is None else VerifiedMark(*row)


def verified_balances(session: SqlSession) -> Iterator[tuple[str, int, Balance]]:
    """Yield the balances at the mark: account key, slice start and balance."""
    for key, start, *sums in session.execute(session.sql["verified_balances"]):
        yield key, start, Balance(*sums)


def verified_marks(session: SqlSession) -> dict[tuple[str, Level], Mark]:
    """Return the newest crossing of each threshold at the mark, by account key and level."""
    return {
        (key, (name, amount, level)): Mark(start_at, turn, bool(stands))
        for key, name, amount, level, start_at, turn, stands in session.execute(
            session.sql["verified_marks"]
        )
    }


def calls_open_at(session: SqlSession, mark: VerifiedMark) -> Iterator[CallRecord]:
    """Yield the calls that were open at the mark, as they were then.

    Raises KeyError if the journal does not have such a call any more, and DamagedRowError.
    """
    interned = Interned(session)
    for seq in map(int, mark.calls.split()):
        rows = session.execute(session.sql["about"], {"seq": seq}).fetchall()
        entries = [entry_from(row, interned) for row in sorted(rows) if row[0] <= mark.seq]
        if not entries or entries[0].seq != seq:
            raise KeyError(seq)
        known = opened_by(entries[0])
        for entry in entries[1:]:
            known = followed_by(known, entry)
        yield known


def rows_to_keep(session: SqlSession, before: VerifiedMark | None) -> VerifiedRows | None:
    """Return what a new mark is to have, in the snapshot that was verified; None for an empty
    journal.
    """
    execute, sql = session.execute, session.sql
    head: Row | None = execute(sql["head"]).fetchone()
    if head is None or not execute(sql["has_verified"]).fetchone()[0]:
        return None
    seq, at = head
    accounts, labels = execute(sql["newest_numbers"]).fetchone()
    calls = " ".join(str(seq) for (seq,) in execute(sql["holds"]).fetchall())
    found = [
        execute(sql[name]).fetchall()
        for name in ("changed_balances", "changed_marks", "gone_balances", "gone_marks")
    ]
    return VerifiedRows(
        VerifiedMark(seq, at, accounts, labels, calls),
        None if before is None else before.seq,
        *found,
    )


def keep_rows(session: SqlSession, rows: VerifiedRows) -> None:
    """Write a mark, in a write transaction. Writes nothing if another run has written one meanwhile."""
    now = read_mark(session)
    if (None if now is None else now.seq) != rows.before:
        return
    sql = session.sql
    for name, some in (
        ("drop_verified_balance", rows.gone_balances),
        ("drop_verified_mark", rows.gone_marks),
        ("put_verified_balance", rows.balances),
        ("put_verified_mark", rows.marks),
    ):
        _many(session, sql[name], some)
    session.execute(sql["put_verified"], rows.mark)


def _many(session: SqlSession, text: str, rows: Iterable[Row]) -> None:
    some = list(rows)
    if some:
        session.executemany(text, some)
