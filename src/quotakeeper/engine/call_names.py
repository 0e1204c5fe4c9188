"""What the engine asks about the names in calls; see `quotakeeper.known_names`."""

from __future__ import annotations

from typing import Protocol


class Names(Protocol):
    """What the engine asks about the names in calls."""

    def welcome(self, provider: str) -> None:
        """Take a provider as known."""

    def check_provider(self, provider: str) -> None:
        """Raise InvalidInputError, with the nearest name, for a provider that is not known."""


class AnyName:
    """Knows every name."""

    def welcome(self, provider: str) -> None:
        """It is known already."""

    def check_provider(self, provider: str) -> None:
        """It is known."""
