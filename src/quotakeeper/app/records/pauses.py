"""Converts pauses of calls to JSON records."""

from __future__ import annotations

from collections.abc import Iterable

from quotakeeper.app.records.instants import rfc3339
from quotakeeper.domain.pauses import CallPause
from quotakeeper.schemas import Schema


def pause_record(pause: CallPause) -> dict[str, object]:
    """Return one pause. `provider` is "" for all providers; `until` is null if the pause has no end
    time."""
    return {
        "provider": pause.provider,
        "since": rfc3339(pause.at),
        "until": None if pause.until is None else rfc3339(pause.until),
        "why": pause.why,
        "by": pause.by,
    }


def paused_record(pause: CallPause) -> dict[str, object]:
    """Return the record of `quotakeeper pause`."""
    return {"schema": Schema.PAUSE, **pause_record(pause)}


def resumed_record(ended: Iterable[CallPause]) -> dict[str, object]:
    """Return the record of `quotakeeper resume`: the pauses that the command ended."""
    return {"schema": Schema.RESUME, "ended": [pause_record(pause) for pause in ended]}
