"""Doubts about a clock, and what was done about them, as the records that other programs read."""

from __future__ import annotations

from quotakeeper.app.records.instants import rfc3339
from quotakeeper.domain.clock_readings import ClockDoubt
from quotakeeper.domain.windows import FOREVER, SECOND


def doubt_record(doubt: ClockDoubt) -> dict[str, object]:
    """Why hard limits admit no call: by how many seconds the clock is ahead, and its times."""
    return {
        "suspect": True,
        "ahead_seconds": doubt.ahead // SECOND,
        "bound_seconds": doubt.bound // SECOND,
        "shown_at": rfc3339(min(doubt.shown_at, FOREVER)),
        "trusted_at": rfc3339(doubt.trusted_at),
    }
