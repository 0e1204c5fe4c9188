"""Pauses as the records that other programs read."""

from __future__ import annotations

from collections.abc import Iterable

from quotakeeper.app.records.instants import rfc3339
from quotakeeper.domain.pauses import CallPause
from quotakeeper.schemas import Schema


def pause_record(pause: CallPause) -> dict[str, object]:
    """One pause; `provider` is "" for all, `until` null for one that does not lapse by itself."""
    return {
        "provider": pause.provider,
        "since": rfc3339(pause.at),
        "until": None if pause.until is None else rfc3339(pause.until),
        "why": pause.why,
        "by": pause.by,
    }


def paused_record(pause: CallPause) -> dict[str, object]:
    """What `quotakeeper pause` has done."""
    return {"schema": Schema.PAUSE, **pause_record(pause)}


def resumed_record(ended: Iterable[CallPause]) -> dict[str, object]:
    """What `quotakeeper resume` has ended."""
    return {"schema": Schema.RESUME, "ended": [pause_record(pause) for pause in ended]}
