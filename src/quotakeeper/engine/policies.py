"""The policies of a keeper, in the form that the engine uses."""

from __future__ import annotations

from quotakeeper.value_classes import dataclass


@dataclass(frozen=True, slots=True)
class Policies:
    """The policies of a keeper; Settings explains each."""

    on_limit: str = "raise"
    on_unpriced: str = "auto"
    on_store_failure: str = "deny"
    plan: str = "payg"
    on_busy: str = "wait"
    hold: str = "worst_case"
    busy_seconds: int = 30
    wait_seconds: int = 86_400
    clamp_least: int = 256
