"""What `quotakeeper run` reads of its own environment, and what it tells the program's meter."""

from __future__ import annotations

import os
from pathlib import Path

from quotakeeper.config.child_environment import RUN_ON_LIMIT
from quotakeeper.config.settings import Settings

ON_LIMIT_WORDS = ("stop", "warn", "wait")


def own_environment() -> dict[str, str]:
    """A copy of this process's environment."""
    return dict(os.environ)


def meter_variables(settings: Settings, on_limit: str | None) -> dict[str, str]:
    """Variables that give a program's meter these settings, whatever folder it changes to."""
    variables = {"QUOTAKEEPER_LEDGER": settings.ledger}
    if settings.config_file is not None:
        variables["QUOTAKEEPER_CONFIG"] = str(Path(settings.config_file).absolute())
    if on_limit is not None:
        variables[RUN_ON_LIMIT] = on_limit
    return variables
