"""Crossings as rows: the contents of CROSS entries, and the newest crossing ("mark") of each
threshold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from quotakeeper.domain.ledger.entries import Crossing, Entry
from quotakeeper.domain.ledger.places import Level, Mark
from quotakeeper.stores.sql.connection import SqlSession


def crossing_of(session: SqlSession, seq: int) -> Crossing | None:
    """Return the contents of a CROSS entry; None if its row is missing."""
    row = session.execute(session.sql["crossing_of"], (seq,)).fetchone()
    return None if row is None else Crossing(*row)


def marks_of(session: SqlSession, account_id: int) -> dict[Level, Mark]:
    """Return the newest crossing of each threshold of an account's limits."""
    rows = session.execute(session.sql["marks_of"], (account_id,))
    return {(name, amount, level): Mark(start_at, turn, bool(stands))
            for name, amount, level, start_at, turn, stands in rows}  # fmt: skip


def save_crossings(
    session: SqlSession,
    entries: Iterable[Entry],
    marks: Mapping[tuple[str, Level], Mark],
    account_ids: Mapping[str, int],
) -> None:
    """Write the contents of a batch's CROSS entries, and the marks that the batch changed."""
    rows = [
        (entry.seq, account_ids[said.account], said.limit, said.amount, said.level, said.start_at,
         said.turn, said.used)
        for entry in entries if (said := entry.crossing) is not None
    ]  # fmt: skip
    session.executemany(session.sql["add_crossing"], rows)
    session.executemany(
        session.sql["put_mark"],
        [(account_ids[key], *level, *mark) for (key, level), mark in marks.items()],
    )


def drop_crossings(session: SqlSession, cut: int) -> int:
    """Delete CROSS entries before sequence number `cut`, and return how many. Part of compaction.

    The periods of these entries have ended, or their windows are rolling. The mark of a rolling
    window stays, so that a threshold that is still crossed is not reported again.
    """
    sql = session.sql
    found = session.execute(sql["crossings_before"], (cut,)).fetchall()
    session.executemany(sql["drop_crossing"], found)
    session.executemany(sql["drop_entry"], found)
    session.execute(sql["drop_marks"])
    return len(found)
