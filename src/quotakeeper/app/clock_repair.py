"""Repairs after a wrong clock: accepts the machine's clock, or sets the ledger's time back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import TYPE_CHECKING

from quotakeeper.app.records.instants import rfc3339
from quotakeeper.domain.ledger.setting_back import SetBack
from quotakeeper.domain.windows import MAX_INSTANT, SECOND
from quotakeeper.keeper import engine_of
from quotakeeper.schemas import Schema
from quotakeeper.value_classes import dataclass

if TYPE_CHECKING:
    from quotakeeper import Keeper

OpenKeeper = Callable[[], "Keeper"]


@dataclass(frozen=True, slots=True)
class AcceptedClock:
    """The result of accepting the machine's clock.

    `ahead` is how far the clock was ahead of the expected time, in microseconds. `bound` is the
    largest `ahead` that does not count as a jump.
    """

    ahead: int
    bound: int

    @property
    def was_doubted(self) -> bool:
        """Whether the clock was not trusted before. If False, accepting the clock changed nothing."""
        return self.ahead > self.bound


@dataclass(frozen=True, slots=True)
class ClockRepair:
    """The result of a repair. `applied` is False if the repair was only a preview or was not
    needed.

    No repair is needed if the ledger's time is ahead of the clock by at most `bound` microseconds.
    `is_confirmed` says whether the kernel's time service confirms the machine's clock.
    """

    found: SetBack
    applied: bool
    bound: int
    is_confirmed: bool
    zone: tzinfo

    @property
    def is_needed(self) -> bool:
        """Whether the ledger's time is ahead of the machine's clock by more than `bound`."""
        return self.found.ahead > self.bound


def accept_clock(open_keeper: OpenKeeper, why: str) -> AcceptedClock:
    """Confirm that the present time of the machine's clock is right. `why` is written to the ledger."""
    with open_keeper() as keeper:
        bound = engine_of(keeper).parts.ledger_clock.bound
        return AcceptedClock(keeper.accept_clock(why=why), bound)


def repair_clock(open_keeper: OpenKeeper, why: str, *, apply: bool) -> ClockRepair:
    """Set the ledger's time back to the machine's clock. Without `apply`, only return what would change.

    The reason `why` is written to the ledger.
    """
    with open_keeper() as keeper:
        clock = engine_of(keeper).parts.ledger_clock
        found = keeper.repair_clock(apply=apply, why=why)
        applied = apply and found.ahead > clock.bound
        return ClockRepair(found, applied, clock.bound, clock.is_confirmed, keeper.zone)


def accepted_record(accepted: AcceptedClock) -> dict[str, object]:
    """Return the JSON record of `doctor --accept-clock`."""
    return {
        "schema": Schema.CLOCK,
        "action": "accept",
        "done": accepted.was_doubted,
        "ahead_seconds": accepted.ahead // SECOND,
    }


def repair_record(repair: ClockRepair) -> dict[str, object]:
    """Return the JSON record of `doctor --repair-clock`. Instants are in RFC 3339."""
    found = repair.found
    return {
        "schema": Schema.CLOCK,
        "action": "repair",
        "done": repair.applied,
        "is_needed": repair.is_needed,
        "ahead_seconds": found.ahead // SECOND,
        "newest_at": rfc3339(min(found.newest_at, MAX_INSTANT - 1)),
        "to": rfc3339(found.to),
        "is_confirmed": repair.is_confirmed,
        "entries": found.entries,
        "calls": found.calls,
        "dropped": found.dropped,
        "backup": found.backup,
    }
