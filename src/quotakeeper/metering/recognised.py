"""What an adapter has recognised is known to the keeper, whatever name the adapter gives to it."""

from __future__ import annotations

from quotakeeper.keeper import Keeper, engine_of


def welcome_provider(keeper: Keeper, provider: str) -> None:
    """Have a keeper take a provider as known, so that no call of an adapter fails by its name."""
    if isinstance(keeper, Keeper):  # else it stands in for one that could not be made
        engine_of(keeper).calls.names.welcome(provider)
