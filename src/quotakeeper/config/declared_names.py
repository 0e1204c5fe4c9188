"""Reads the settings that are lists of plain names: `providers` and `quota_presets`."""

from __future__ import annotations

import re

from quotakeeper.errors import InvalidInputError

# A price file may declare the same names.
_PLAIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")


def declared_names(value: object) -> tuple[str, ...]:
    """Return the names in a list, or in a text such as "mistral, cohere" from an environment
    variable.

    A repeated name is returned once. Raises InvalidInputError for a name that is not plain.
    """
    if isinstance(value, str):
        value = [each.strip() for each in value.split(",") if each.strip()]
    if not isinstance(value, list | tuple):
        raise InvalidInputError("", "is not a list of names", 'write it like ["mistral"]')
    for name in value:
        if not isinstance(name, str) or not _PLAIN.fullmatch(name):
            raise InvalidInputError(
                "", f"{str(name)[:60]!r} is not a plain name",
                "use small letters and digits; after the first character, . _ - are also allowed",
            )  # fmt: skip
    return tuple(dict.fromkeys(value))
