"""Protocols for the parts of pauses, clock doubts, limits and reserved amounts that errors use.

The classes that implement them are in higher layers, which the module `errors` must not import.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
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


class ExplainedDoubt(Protocol):
    """The parts of a doubt that an error uses; ClockDoubt and domain/server_doubts.py have them."""

    @property
    def fix(self) -> str:
        """What the user must do, as a text."""


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


class RefusingVerdict(Protocol):
    """The parts of one limit's verdict that an error uses; `quotakeeper.Verdict` has them."""

    @property
    def limit(self) -> RefusingLimit:
        """The limit that this verdict is about."""

    @property
    def asked(self) -> int:
        """The amount that the call asked for, in base units of the limit's meter."""

    @property
    def used(self) -> int:
        """Settled use in the period, in base units."""

    @property
    def reserved(self) -> int:
        """The amount that calls under way have reserved, in base units."""

    @property
    def remaining(self) -> int:
        """The amount that further calls can still reserve, in base units."""

    @property
    def resets_at(self) -> int:
        """The end of the period, in microseconds since 1970 UTC."""

    @property
    def is_held(self) -> bool:
        """Whether open reservations of other calls are the only reason why this call does not fit."""

    @property
    def is_used_up(self) -> bool:
        """Whether settled use alone leaves too little for this call."""

    def explain(self, zone: tzinfo | None = None) -> str:
        """One line for people: the limit, the requested amount, the remaining amount, and when the
        limit resets."""


class RefusingDecision(Protocol):
    """The parts of a decision that an error uses; `quotakeeper.Decision` has them.

    This is a protocol because this module imports nothing from the modules above it.
    """

    @property
    def refusing(self) -> Sequence[RefusingVerdict]:
        """The verdicts of the hard limits that the call does not fit in."""

    @property
    def blocking(self) -> RefusingVerdict:
        """The verdict of the limit that resets last among the limits that refuse the call."""

    @property
    def is_held(self) -> bool:
        """Whether reservations of calls under way are the only reason for the refusal."""

    @property
    def basis(self) -> RefusalBasis | None:
        """The quantities that were to be reserved for the call, and the reason for each amount."""

    @property
    def doubt(self) -> ExplainedDoubt | None:
        """The doubt about a clock or the ledger, if limits refuse because of it; else None."""

    def explain(self) -> str:
        """One line for people: why the call is refused."""
