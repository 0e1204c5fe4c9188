"""Converts alerts to JSON for the ledger, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from quotakeeper.domain.alerts.alert import Alert, AlertRule
from quotakeeper.value_classes import fields


def alert_json(alert: Alert) -> str:
    """Return an alert as JSON. Fields with their default are left out."""
    plain = Alert(alert.id, alert.rule, alert.at)
    values = {name: getattr(alert, name) for name in _NAMES}
    return json.dumps(
        {name: value for name, value in values.items()
         if name in ("id", "rule", "at") or value != getattr(plain, name)},
        ensure_ascii=False, separators=(",", ":"),
    )  # fmt: skip


def alert_from(text: str) -> Alert:
    """Return the alert of a JSON text. Raises ValueError, TypeError or KeyError for another text."""
    found = json.loads(text)
    if not isinstance(found, Mapping):
        raise TypeError("an alert is an object")
    values: dict[str, Any] = {name: found[name] for name in _NAMES if name in found}
    for name in ("id", "limit", "meter", "window", "mode", "provider", "model", "why", "by"):
        if not isinstance(values.get(name, ""), str):
            raise TypeError(f"{name} is not a text")
    for name in ("at", "amount", "level", "used", "reserved", "asked", "resets_at", "until"):
        if type(values.get(name, 0)) is not int:
            raise TypeError(f"{name} is not a whole number")
    values["rule"] = AlertRule(found["rule"])
    values["scope"] = tuple((str(name), str(value)) for name, value in values.get("scope", ()))
    return Alert(**values)


_NAMES = tuple(each.name for each in fields(Alert))
