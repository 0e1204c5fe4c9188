"""A virtual key as JSON text, for the audit: everything but the digests of its secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from quotakeeper.domain.keys.virtual_key import VirtualKey


def key_fields(key: VirtualKey) -> dict[str, Any]:
    """Return the values of a key that an audit row has. Instants are microseconds since 1970 UTC."""
    return {
        "id": key.id,
        "name": key.name,
        "project": key.project,
        "labels": dict(key.labels),
        "state": str(key.state),
        "expires_at": key.expires_at,
        "providers": list(key.providers),
        "models": list(key.models),
        "networks": list(key.networks),
        "concurrency": key.concurrency,
        "on_gone": str(key.on_gone),
        "on_limit": key.on_limit,
        "limits": [each.fields() for each in key.limits],
        "made_at": key.made_at,
        "version": key.version,
        "secrets": [
            {"last_four": each.last_four, "made_at": each.made_at, "ends_at": each.ends_at}
            for each in key.secrets
        ],
    }


def key_json(key: VirtualKey | None) -> str:
    """Return a key as JSON text in one line; "" for None."""
    return "" if key is None else json_line(key_fields(key))


def json_line(fields: Mapping[str, Any]) -> str:
    """Return fields as JSON text in one line."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def differs(key: VirtualKey, text: str) -> bool:
    """Return whether a key differs from the JSON text of the newest audit row about it.

    A field that only one of them has is of another version of quotakeeper and is not compared.
    Raises ValueError or TypeError for text that is not a key.
    """
    told, now = json.loads(text), key_fields(key)
    return any(told[name] != now[name] for name in told.keys() & now.keys())


def without_label(text: str, name: str, value: str, instead: str) -> str:
    """Return the JSON text of a key in which `instead` replaces the value of a label.

    The name of a key is its label `key`, and its project is its label `project`.
    """
    if not text:
        return text
    fields = json.loads(text)
    place = {"key": "name", "project": "project"}.get(name)
    if place is not None and fields.get(place) == value:
        fields[place] = instead
    if fields.get("labels", {}).get(name) == value:
        fields["labels"][name] = instead
    return json_line(fields)
