"""The JSON record of a clock that is not trusted."""

from __future__ import annotations

from quotakeeper.app.records.instants import rfc3339
from quotakeeper.domain.clock_readings import ClockDoubt
from quotakeeper.domain.windows import FOREVER, SECOND


def doubt_record(doubt: ClockDoubt) -> dict[str, object]:
    """Return why the clock is not trusted: how far it is ahead, its time, and the last trusted time.

    While the clock is not trusted, hard limits refuse all calls.
    """
    return {
        "suspect": True,
        "ahead_seconds": doubt.ahead // SECOND,
        "bound_seconds": doubt.bound // SECOND,
        "shown_at": rfc3339(min(doubt.shown_at, FOREVER)),
        "trusted_at": rfc3339(doubt.trusted_at),
    }
