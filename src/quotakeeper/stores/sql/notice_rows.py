"""Orders of people as rows: pauses, resumes, raised limits, top-ups and accepted clocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from quotakeeper.domain.ledger.entries import Entry, Notice
from quotakeeper.stores.sql.codes import KINDS
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.damage import UNREADABLE, code, damaged, instant


def notice_of(session: SqlSession, seq: int) -> Notice | None:
    """Return the notice of an entry; None if its row is missing."""
    row = session.execute(session.sql["notice_of"], (seq,)).fetchone()
    return None if row is None else Notice(*row)


def notices_after(session: SqlSession, seq: int) -> Iterator[Entry]:
    """Yield the entries with a notice after sequence number `seq`, in commit order."""
    rows = session.execute(session.sql["notices_after"], (seq,)).fetchall()
    for number, kind, at, *said in rows:
        try:
            yield Entry(number, KINDS[code(KINDS, kind)], instant(at), notice=Notice(*said))
        except UNREADABLE as error:
            raise damaged(error, number) from error


def save_notices(session: SqlSession, entries: Iterable[Entry]) -> int:
    """Write the notices of a batch. Returns the sequence number of the last notice; 0 without
    notices.
    """
    rows = [
        (entry.seq, said.subject, said.why, said.by, said.until, said.account, said.amount,
         said.used, said.about)
        for entry in entries if (said := entry.notice) is not None
    ]  # fmt: skip
    if rows:
        session.executemany(session.sql["add_notice"], rows)
    return rows[-1][0] if rows else 0
