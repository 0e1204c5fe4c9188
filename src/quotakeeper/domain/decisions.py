"""Decisions: may this call go out, and if not, which limit says so and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from quotakeeper.domain.limits import Limit
from quotakeeper.domain.pauses import CallPause
from quotakeeper.domain.units import units_text
from quotakeeper.domain.windows import Period, moment


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one limit says of a call. All amounts are in the limit's base unit.

    `used` is settled, `reserved` is set aside for calls under way, `remaining` is what is left
    before this call (never negative). `resets_at`, in microseconds since 1970 UTC, is the end of the
    period; for a rolling window, when the oldest use in it leaves and room begins to come back.
    """

    limit: Limit
    asked: int
    used: int
    reserved: int
    remaining: int
    period: Period
    resets_at: int
    # Of a limit per label, at the last value that is listed: how many further values are not.
    others: int = 0

    @property
    def fits(self) -> bool:
        """Whether the call stays within the limit."""
        return self.asked == 0 or self.used + self.reserved + self.asked <= self.limit.amount

    def explain(self, zone: tzinfo | None = None) -> str:
        """One line for people: the limit, what was asked, what remains, when it resets."""
        meter = self.limit.meter_info
        resets = moment(self.resets_at, zone) if zone else moment(self.resets_at)
        per, ends = f"per {self.limit.window}", f"resets at {resets.isoformat(timespec='seconds')}"
        if self.limit.window.is_endless:
            per, ends = "prepaid", f"pay in with: quotakeeper limits topup {self.limit.name!r}"
        asked = f"asked {units_text(self.asked, meter)}, " if self.asked else ""
        return (
            f"limit {self.limit.name!r} of {units_text(self.limit.amount, meter)} {meter.unit} "
            f"{per}: {asked}"
            f"remaining {units_text(self.remaining, meter)} "
            f"(used {units_text(self.used, meter)}, reserved {units_text(self.reserved, meter)}); "
            f"{ends}"
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed or not. `refusing` are the hard limits that do not have room, `warnings` the limits
    that would be at or above one of their thresholds, or passed though soft or shadow. `pause` is
    set when no limit was asked, because calls are paused: then `refusing` is empty."""

    allowed: bool
    refusing: tuple[Verdict, ...] = ()
    warnings: tuple[Verdict, ...] = ()
    pause: CallPause | None = None

    @property
    def blocking(self) -> Verdict:
        """The refusing limit that takes longest to reset: waiting for it is enough for all."""
        return max(self.refusing, key=lambda verdict: verdict.resets_at)

    def explain(self) -> str:
        """One line for people."""
        if self.pause is not None:
            return self.pause.explain()
        return "allowed" if self.allowed else self.blocking.explain()
