"""Adds the providers of recognised calls to the keeper's known providers."""

from __future__ import annotations

from quotakeeper.keeper import Keeper, engine_of


def welcome_provider(keeper: Keeper, provider: str) -> None:
    """Add a provider to the keeper's known providers, so that its calls are not refused as
    unknown."""
    if isinstance(keeper, Keeper):  # else the keeper could not be made
        engine_of(keeper).calls.names.welcome(provider)
