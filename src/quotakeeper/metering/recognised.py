"""Registers at the keeper the providers that an adapter recognises."""

from __future__ import annotations

from quotakeeper.keeper import Keeper, engine_of


def welcome_provider(keeper: Keeper, provider: str) -> None:
    """Register a provider at the keeper, so that a call of its adapter is not refused as unknown."""
    if isinstance(keeper, Keeper):  # else the keeper could not be made
        engine_of(keeper).calls.names.welcome(provider)
