"""The policies of a keeper, as the engine goes by them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policies:
    """What to do where the answer is not clear; see Settings."""

    on_limit: str = "raise"
    on_unpriced: str = "auto"
    on_store_failure: str = "deny"
    plan: str = "payg"
    on_busy: str = "wait"
    hold: str = "worst_case"
    busy_seconds: int = 30
    wait_seconds: int = 86_400
    clamp_least: int = 256
