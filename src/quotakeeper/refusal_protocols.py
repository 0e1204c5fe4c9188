"""Protocols for the parts of pauses, clock doubts, limits and reserved amounts that errors use.

The classes that implement them are in higher layers, which the module `errors` must not import.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class RefusalBasis(Protocol):
    """The parts of a decision's basis that an error uses; `quotakeeper.Decision.basis` has them."""

    @property
    def quantities(self) -> Mapping[str, int]:
        """The quantities that were to be reserved, in base units."""

    @property
    def reasons(self) -> Mapping[str, str]:
        """For each quantity, the reason for the amount that was to be reserved."""

    @property
    def waited_ms(self) -> int:
        """How long the call waited for capacity to become free, in milliseconds."""

    @property
    def not_waited(self) -> str:
        """Why the call did not wait although the policy is to wait; otherwise ""."""

    def explain(self) -> str:
        """Say how the amounts are known, for example "worst case"."""


class OrderedPause(Protocol):
    """The parts of a pause that an error uses; `quotakeeper.domain.pauses.CallPause` has them."""

    @property
    def provider(self) -> str:
        """The provider whose calls are paused; "" for all."""

    @property
    def until(self) -> int | None:
        """When the pause ends, in microseconds since 1970 UTC; None if it holds until somebody
        resumes calls."""

    @property
    def why(self) -> str:
        """The reason that the person who ordered the pause gave."""

    @property
    def by(self) -> str:
        """The person who ordered the pause, as user@host."""


class PausingDecision(Protocol):
    """The parts of a decision that an error about a pause uses."""

    @property
    def pause(self) -> OrderedPause | None:
        """The pause that refused the call."""

    def explain(self) -> str:
        """One line for people: which pause refused the call."""


class DoubtedClock(Protocol):
    """The parts of a clock doubt that an error uses; `domain.clock_readings.ClockDoubt` has them."""

    @property
    def ahead(self) -> int:
        """How many microseconds the clock jumped ahead."""

    @property
    def shown_at(self) -> int:
        """The time that the clock showed, in microseconds since 1970 UTC."""

    @property
    def trusted_at(self) -> int:
        """The newest trusted time, in microseconds since 1970 UTC."""


class RefusingLimit(Protocol):
    """The parts of a limit that an error uses; `quotakeeper.Limit` has them."""

    @property
    def name(self) -> str:
        """The limit's name."""

    @property
    def meter(self) -> str:
        """The meter that the limit counts."""

    @property
    def amount(self) -> int:
        """The cap, in the meter's base unit."""

    @property
    def timezone(self) -> str:
        """The time zone of the limit's periods."""
