"""What errors need of a pause, of a doubt about the clock, and of what was reserved, as protocols.

The classes that fit them lie above the errors, which import nothing from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class RefusalBasis(Protocol):
    """What an error needs of what was reserved for a call; `quotakeeper.Decision.basis` is one."""

    @property
    def quantities(self) -> Mapping[str, int]:
        """What was to be reserved."""

    @property
    def reasons(self) -> Mapping[str, str]:
        """Of a quantity, why so much."""

    @property
    def waited_ms(self) -> int:
        """How long the call waited for room."""

    @property
    def not_waited(self) -> str:
        """Why it did not, where the policy is to wait; else ""."""

    def explain(self) -> str:
        """How the amounts are known."""


class OrderedPause(Protocol):
    """What an error needs of a pause; `quotakeeper.domain.pauses.CallPause` is one."""

    @property
    def provider(self) -> str:
        """Whose calls are paused; "" for all."""

    @property
    def until(self) -> int | None:
        """When it lapses, in microseconds since 1970 UTC; None: when somebody resumes."""

    @property
    def why(self) -> str:
        """The reason that was given."""

    @property
    def by(self) -> str:
        """Who ordered it."""


class PausingDecision(Protocol):
    """What an error needs of a decision that comes from a pause."""

    @property
    def pause(self) -> OrderedPause | None:
        """The pause that refused the call."""

    def explain(self) -> str:
        """One line for people."""


class DoubtedClock(Protocol):
    """What an error needs of a doubt; `quotakeeper.domain.clock_readings.ClockDoubt` is one."""

    @property
    def ahead(self) -> int:
        """By how many microseconds the clock jumped ahead."""

    @property
    def shown_at(self) -> int:
        """What it showed then, in microseconds since 1970 UTC."""

    @property
    def trusted_at(self) -> int:
        """The newest time that was trusted, in microseconds since 1970 UTC."""


class RefusingLimit(Protocol):
    """What an error needs of a limit; `quotakeeper.Limit` is one."""

    @property
    def name(self) -> str:
        """The limit's name."""

    @property
    def meter(self) -> str:
        """What it counts."""

    @property
    def amount(self) -> int:
        """The cap, in the meter's base unit."""

    @property
    def timezone(self) -> str:
        """The time zone of its periods."""
