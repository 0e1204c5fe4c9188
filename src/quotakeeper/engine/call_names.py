"""The interface for names in calls that the engine uses; see `quotakeeper.known_names`."""

from __future__ import annotations

from typing import Protocol


class Names(Protocol):
    """Checks the names in calls."""

    def welcome(self, provider: str) -> None:
        """Add a provider to the known ones."""

    def check_provider(self, provider: str) -> None:
        """Raise InvalidInputError, which suggests the most similar name, for an unknown provider."""


class AnyName:
    """Accepts every name."""

    def welcome(self, provider: str) -> None:
        """Does nothing: every provider is known."""

    def check_provider(self, provider: str) -> None:
        """Does nothing: every provider is known."""
