"""What a person does about a clock: one that jumped ahead is right, or a ledger is set back."""

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
    """By how many microseconds a clock was ahead, and from which number on that is a jump."""

    ahead: int
    bound: int

    @property
    def was_doubted(self) -> bool:
        """Whether there was something to accept."""
        return self.ahead > self.bound


@dataclass(frozen=True, slots=True)
class ClockRepair:
    """What was done, or would be (`applied`); `bound` as above. `is_confirmed`: the kernel's time
    service keeps the clock that the ledger is set back to."""

    found: SetBack
    applied: bool
    bound: int
    is_confirmed: bool
    zone: tzinfo

    @property
    def is_needed(self) -> bool:
        """Whether the ledger is ahead by more than the bound."""
        return self.found.ahead > self.bound


def accept_clock(open_keeper: OpenKeeper, why: str) -> AcceptedClock:
    """Take the clock of this machine for right."""
    with open_keeper() as keeper:
        bound = engine_of(keeper).parts.ledger_clock.bound
        return AcceptedClock(keeper.accept_clock(why=why), bound)


def repair_clock(open_keeper: OpenKeeper, why: str, *, apply: bool) -> ClockRepair:
    """Set a ledger back that a clock has carried ahead; without `apply` only look."""
    with open_keeper() as keeper:
        clock = engine_of(keeper).parts.ledger_clock
        found = keeper.repair_clock(apply=apply, why=why)
        applied = apply and found.ahead > clock.bound
        return ClockRepair(found, applied, clock.bound, clock.is_confirmed, keeper.zone)


def accepted_record(accepted: AcceptedClock) -> dict[str, object]:
    """What `doctor --accept-clock` has done."""
    return {
        "schema": Schema.CLOCK,
        "action": "accept",
        "done": accepted.was_doubted,
        "ahead_seconds": accepted.ahead // SECOND,
    }


def repair_record(repair: ClockRepair) -> dict[str, object]:
    """What `doctor --repair-clock` has done, or would do; instants in RFC 3339."""
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
