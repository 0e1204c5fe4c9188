"""Reads the setting `ledger`: a path, a URL, or a table with a path and a Unix group."""

from __future__ import annotations

from collections.abc import Mapping

from quotakeeper.config.limit_tables import unknown_key
from quotakeeper.errors import ConfigError, InvalidInputError

_KEYS = {"path": "ledger", "group": "ledger_group"}


def with_ledger_table(table: Mapping[str, object], shown: str) -> Mapping[str, object]:
    """Return the settings with `[ledger] path` and `group` as `ledger` and `ledger_group`.

    `shown` is the file's name in errors. Raises ConfigError for an unknown key in the `[ledger]`
    table.
    """
    ledger = table.get("ledger")
    if not isinstance(ledger, Mapping):
        return table
    flat: dict[str, object] = {key: value for key, value in table.items() if key != "ledger"}
    for key, value in ledger.items():
        if key not in _KEYS:
            raise ConfigError(f"{shown}: ledger.{str(key)[:60]}", *unknown_key(str(key), (*_KEYS,)))
        flat[_KEYS[key]] = value
    return flat


def group_name(value: object) -> str:
    """Return the name of a Unix group, stripped. Raises InvalidInputError if `value` is no such
    name.

    Does not check that the machine has this group. The keeper checks this when it opens the ledger.
    """
    if isinstance(value, str) and value.strip() and value.isprintable() and ":" not in value:
        return value.strip()
    raise InvalidInputError(
        "", f"{str(value)[:60]!r} is not the name of a Unix group", 'write it like group = "team"'
    )
