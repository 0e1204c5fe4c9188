"""Converts the options of `quotakeeper limits set` to values for the config file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quotakeeper.config.limit_tables import threshold
from quotakeeper.domain.usage import check_label, check_scope
from quotakeeper.errors import InvalidInputError


def changes_given(given: Mapping[str, Any]) -> dict[str, object]:
    """Return the options that the user gave, as config keys and values.

    Raises InvalidInputError if a label or a threshold is invalid.
    """
    changes: dict[str, object] = {}
    for key, value in given.items():
        if value is None or value == () or value is False:
            continue
        if key == "scope":
            changes[key] = _scope(value)
        elif key == "per":
            changes[key] = check_label(value, "--per", empty=True)
        elif key == "thresholds":
            changes[key] = _thresholds(value)
        else:
            changes[key] = value
    return changes


def _scope(texts: Sequence[str]) -> dict[str, str]:
    if all(not text.strip() for text in texts):
        return {}
    scope: dict[str, str] = {}
    for text in texts:
        name, found, value = text.partition("=")
        if not found or not name.strip():
            problem = f"{text[:60]!r} is not LABEL=VALUE"
            raise InvalidInputError("--scope", problem, 'write it like "project=phim-01"')
        if name.strip() in scope:
            raise InvalidInputError(
                "--scope", f"{name.strip()[:60]!r} is given twice", "give it once"
            )
        scope[name.strip()] = value.strip()
    return dict(check_scope(scope))


def _thresholds(text: str) -> list[str]:
    try:
        parts = sorted({threshold(part.strip()) for part in text.split(",")})
    except InvalidInputError as error:
        raise InvalidInputError(
            "--thresholds", error.problem, error.fix or 'write "0.5,0.8"'
        ) from None
    return [f"{part:f}" if "." in f"{part:f}" else f"{part:f}.0" for part in parts]
