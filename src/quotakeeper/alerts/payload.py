"""The document of an alert for programs: what a webhook posts and a command reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quotakeeper.domain.alerts.alert import Alert
from quotakeeper.domain.forecasting.status import percent_of
from quotakeeper.domain.units import METERS, units_text
from quotakeeper.domain.windows import moment
from quotakeeper.schemas import Schema


def alert_payload(alert: Alert, title: str, text: str) -> dict[str, object]:
    """Return the document. Amounts are texts in `unit`; instants are in RFC 3339, UTC."""
    return {
        "schema": Schema.ALERT,
        "type": f"quotakeeper.{alert.rule}",
        "timestamp": _instant(alert.at),
        "data": {
            "id": alert.id,
            "rule": str(alert.rule),
            "title": title,
            "text": text,
            "blocks": alert.blocks,
            "limit": _limit(alert),
            "provider": alert.provider or None,
            "model": alert.model or None,
            "why": alert.why or None,
            "by": alert.by or None,
            "until": _instant(alert.until),
        },
    }


def digest_payload(
    digest_id: str, title: str, text: str, alerts: Sequence[Mapping[str, object]]
) -> dict[str, object]:
    """Return the document of a digest. `alerts` are the documents of its alerts, the oldest first."""
    return {
        "schema": Schema.ALERT,
        "type": "quotakeeper.digest",
        "timestamp": alerts[-1]["timestamp"],
        "data": {
            "id": digest_id,
            "rule": "digest",
            "title": title,
            "text": text,
            "blocks": False,
            "alerts": [each["data"] for each in alerts],
        },
    }


def _limit(alert: Alert) -> dict[str, object] | None:
    meter = METERS.get(alert.meter)
    if not alert.limit or meter is None:
        return None
    return {
        "name": alert.limit,
        "window": alert.window,
        "mode": alert.mode,
        "labels": dict(alert.scope),
        "unit": meter.unit,
        "amount": units_text(alert.amount, meter),
        "threshold": units_text(alert.level, meter) if alert.level else None,
        "used": units_text(alert.used, meter),
        "reserved": units_text(alert.reserved, meter),
        "left": units_text(alert.left, meter),
        "asked": units_text(alert.asked, meter) if alert.asked else None,
        "used_percent": str(percent_of(alert.used, alert.amount)),
        "resets_at": _instant(alert.resets_at),
    }


def _instant(at: int | None) -> str | None:
    return None if at is None else moment(at).isoformat(timespec="seconds")
