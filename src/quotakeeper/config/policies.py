"""Checks the settings that say what happens to a call at a limit, such as `on_limit`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from quotakeeper.config.limit_tables import at_key, one_of
from quotakeeper.config.settings import CHOICES, WHOLE_NUMBERS, Settings, whole_number
from quotakeeper.value_classes import replace

_CHOICES = {choice.name: choice for choice in CHOICES}
_NUMBERS = {number.name: number for number in WHOLE_NUMBERS}
# The names of the settings that decide what happens to a call at a limit.
AT_A_LIMIT = ("on_limit", "on_busy", "hold", *_NUMBERS)


def checked_policy(name: str, value: object, where: str = "") -> Any:
    """Check `value` for the setting `name`, one of AT_A_LIMIT, and return it. A number is
    converted.

    `where` names the setting in errors. Raises ConfigError.
    """
    number = _NUMBERS.get(name)
    if number is not None:
        return at_key(where or name, lambda given: whole_number(number, given), value)
    return at_key(where or name, lambda given: one_of(given, _CHOICES[name].words), value)


def with_policies(settings: Settings, given: Mapping[str, object]) -> Settings:
    """Return a copy of the settings, with the values in `given` by name.

    A setting whose value in `given` is None does not change. Raises ConfigError.
    """
    chosen: dict[str, Any] = {
        name: checked_policy(name, value) for name, value in given.items() if value is not None
    }
    if not chosen:
        return settings
    origins = {**settings.origins, **dict.fromkeys(chosen, "argument")}
    return replace(settings, origins=MappingProxyType(origins), **chosen)
