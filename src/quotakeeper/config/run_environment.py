"""The environment of `quotakeeper run`, and the variables that `run` sets for the program's meter."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from quotakeeper.config.child_environment import RUN_ON_LIMIT
from quotakeeper.config.policies import checked_policy
from quotakeeper.config.settings import Settings, variable_of

_NOTHING: Mapping[str, object] = MappingProxyType({})
ON_LIMIT_WORDS = ("raise", "wait", "clamp", "warn", "stop")  # "stop" is the older word for "raise"


def own_environment() -> dict[str, str]:
    """Return a copy of this process's environment."""
    return dict(os.environ)


def meter_variables(
    settings: Settings, on_limit: str | None, policies: Mapping[str, object] = _NOTHING
) -> dict[str, str]:
    """Return the environment variables that pass these settings to the meter of a program.

    The variables also work after the program changes its working folder. `policies` holds more
    settings for calls at a limit, by name. A setting with the value None is left out. Raises
    ConfigError.
    """
    variables = {"QUOTAKEEPER_LEDGER": settings.ledger}
    if settings.ledger_group:
        variables[variable_of("ledger_group")] = settings.ledger_group
    if settings.config_file is not None:
        variables["QUOTAKEEPER_CONFIG"] = str(Path(settings.config_file).absolute())
    if on_limit is not None:
        variables[RUN_ON_LIMIT] = on_limit
    for name, value in policies.items():
        if value is not None:
            flag = f"--{name.replace('_', '-')}"
            variables[variable_of(name)] = str(checked_policy(name, value, flag))
    return variables
