"""Stores clock readings as rows: for each start of a machine, the newest reading."""

from __future__ import annotations

from quotakeeper.domain.clock_readings import ClockReading
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.damage import clean_text, rows_of, whole

_MOST_KEPT = 16


def reading_of(session: SqlSession, frame: str) -> ClockReading | None:
    """Return the stored reading with this `frame`; None if there is none."""
    row = session.execute(session.sql["reading_of"], (frame,)).fetchone()
    if row is None:
        return None
    with rows_of(f"the stored clock of machine start {frame!a:.40}"):
        return ClockReading(whole(row[1]), whole(row[2]), clean_text(row[0]))


def put_reading(session: SqlSession, reading: ClockReading) -> None:
    """Store the reading of a `frame`. Deletes all but the newest 16 readings."""
    session.execute(session.sql["put_reading"], (reading.frame, reading.wall, reading.boot))
    session.execute(session.sql["drop_readings"], (_MOST_KEPT,))
