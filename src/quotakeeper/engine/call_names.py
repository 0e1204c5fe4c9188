"""The interface of the engine for checking names in calls; see `quotakeeper.known_names`."""

from __future__ import annotations

from typing import Protocol


class Names(Protocol):
    """Checks the names in calls."""

    def welcome(self, provider: str) -> None:
        """Add a provider to the known providers."""

    def check_provider(self, provider: str) -> None:
        """Raise InvalidInputError for an unknown provider. The message suggests the most similar
        name."""


class AnyName:
    """Accepts every name."""

    def welcome(self, provider: str) -> None:
        """Does nothing: every provider is known."""

    def check_provider(self, provider: str) -> None:
        """Does nothing: every provider is known."""
