"""Decisions: may this call go out, and if not, which limit says so and until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from types import MappingProxyType

from quotakeeper.domain.clock_readings import ClockDoubt
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.pauses import CallPause
from quotakeeper.domain.units import Quantities, units_text
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

    @property
    def is_held(self) -> bool:
        """Whether the limit lacks room only because of what is reserved for calls under way.

        The call fits as soon as these end with nothing used. False: it fits, or the limit is used up.
        """
        least = max(1, self.asked)  # a call without a price asks 0, and needs some room
        used = self.used
        return used + least <= self.limit.amount < used + self.reserved + least

    @property
    def is_used_up(self) -> bool:
        """Whether settled use leaves no room for the call, whatever calls under way give back."""
        return self.used + max(1, self.asked) > self.limit.amount

    @property
    def never_fits(self) -> bool:
        """Whether the call asks for more than the whole limit."""
        return self.asked > self.limit.amount

    def explain(self, zone: tzinfo | None = None) -> str:
        """One line for people: the limit, what was asked, what remains, when it resets."""
        meter = self.limit.meter_info
        resets = moment(self.resets_at, zone) if zone else moment(self.resets_at)
        per, ends = f"per {self.limit.window}", f"resets at {resets.isoformat(timespec='seconds')}"
        if self.limit.window.is_endless:
            per, ends = "prepaid", f"pay in with: quotakeeper limits topup {self.limit.name!r}"
        asked = f"asked {units_text(self.asked, meter)}, " if self.asked else ""
        state = ""
        if self.asked and self.is_held:
            state = " is only held by calls under way"
        elif self.asked and self.is_used_up and self.limit.window.is_endless:
            state = " has too little left"
        elif self.never_fits:
            state = " is smaller than this call"
        elif self.asked and self.is_used_up:
            state = " is used up"
        return (
            f"limit {self.limit.name!r} of {units_text(self.limit.amount, meter)} {meter.unit} "
            f"{per}{state}: {asked}"
            f"remaining {units_text(self.remaining, meter)} "
            f"(used {units_text(self.used, meter)}, reserved {units_text(self.reserved, meter)}); "
            f"{ends}"
        )


@dataclass(frozen=True, slots=True)
class HoldBasis:
    """What is reserved for a call, and why so much.

    `quantities` and `cost_pico` are what is reserved, `most` is the upper bound that it was made
    from. `hold` is "worst_case" or "typical"; then `calls` says how many calls the p99 is of.
    `reasons` tells of a quantity how its amount is known. `clamped_output_tokens` is the output cap
    that `on_limit = "clamp"` set: the caller has to pass it on; `not_clamped` says why it set none.
    `waited_ms` is how long the call waited for room, `not_waited` why it did not, where the policy
    is to wait.
    """

    quantities: Quantities
    cost_pico: int | None = None
    most: Quantities = field(default_factory=lambda: _NOTHING)
    hold: str = "worst_case"
    calls: int = 0
    reasons: Mapping[str, str] = field(default_factory=lambda: _NO_REASONS)
    clamped_output_tokens: int | None = None
    waited_ms: int = 0
    not_waited: str = ""
    not_clamped: str = ""

    def explain(self) -> str:
        """How the amounts are known: "worst case", or "typical (p99 of 312 calls)"."""
        if self.hold == "typical" and self.calls:
            return f"typical (p99 of {self.calls} calls)"
        return "worst case"


@dataclass(frozen=True, slots=True)
class OutputCap:
    """The cap that a call sets on its own output.

    `field` is how the request writes it, `is_named` whether it does; else it is the model's most.
    `answers` is how many answers of that size are asked for at once. `least` is the least cap that
    the request allows. `fixed` says why the cap cannot be lowered; "" where it can.
    """

    field: str
    is_named: bool
    answers: int = 1
    least: int = 1
    fixed: str = ""

    @property
    def reason(self) -> str:
        """Why so much output is reserved; "" where the caller named an amount itself."""
        return "" if self.is_named else f"the model's most, as the request names no {self.field}"


_NOTHING: Quantities = MappingProxyType({})
_NO_REASONS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed or not. `refusing` are the hard limits that do not have room, `warnings` the limits
    that would be at or above one of their thresholds, or passed though soft or shadow. `pause` is
    set when no limit was asked, because calls are paused: then `refusing` is empty.

    `doubt` is set when hard limits refuse because the clock has jumped ahead; `refusing` names them,
    whether they have room or not.

    `basis` says what was to be reserved, and why: of every refusal, and of a call that was admitted
    at a typical amount, at a lowered output cap, or after a wait."""

    allowed: bool
    refusing: tuple[Verdict, ...] = ()
    warnings: tuple[Verdict, ...] = ()
    pause: CallPause | None = None
    doubt: ClockDoubt | None = None
    basis: HoldBasis | None = None

    @property
    def is_held(self) -> bool:
        """Whether every refusing limit lacks room only because of calls under way."""
        return (
            bool(self.refusing)
            and self.doubt is None
            and all(verdict.is_held for verdict in self.refusing)
        )

    @property
    def blocking(self) -> Verdict:
        """The refusing limit that takes longest to reset: waiting for it is enough for all."""
        return max(self.refusing, key=lambda verdict: verdict.resets_at)

    def explain(self) -> str:
        """One line for people."""
        if self.pause is not None:
            return self.pause.explain()
        if self.doubt is not None:
            return self.doubt.explain()
        return "allowed" if self.allowed else self.blocking.explain()
