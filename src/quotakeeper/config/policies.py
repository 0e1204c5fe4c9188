"""Checks the settings for calls at a limit, from a file, the environment or arguments."""

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
    """Return the value of one of the settings AT_A_LIMIT, after checking the value.

    `where` names the setting in errors. Raises ConfigError.
    """
    number = _NUMBERS.get(name)
    if number is not None:
        return at_key(where or name, lambda given: whole_number(number, given), value)
    return at_key(where or name, lambda given: one_of(given, _CHOICES[name].words), value)


def with_policies(settings: Settings, given: Mapping[str, object]) -> Settings:
    """Return a copy of the settings, with the values in `given` by name.

    A value None leaves the setting as it was. Raises ConfigError.
    """
    chosen: dict[str, Any] = {
        name: checked_policy(name, value) for name, value in given.items() if value is not None
    }
    if not chosen:
        return settings
    origins = {**settings.origins, **dict.fromkeys(chosen, "argument")}
    return replace(settings, origins=MappingProxyType(origins), **chosen)
