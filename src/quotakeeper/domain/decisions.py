"""Decisions: whether a call may be sent, and if not, which limit refuses it and until when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from types import MappingProxyType

from quotakeeper.domain.clock_readings import ClockDoubt
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.pauses import CallPause
from quotakeeper.domain.units import Quantities, units_text
from quotakeeper.domain.windows import Period, moment
from quotakeeper.value_classes import dataclass, field


@dataclass(frozen=True, slots=True)
class Verdict:
    """One limit's answer about one call. All amounts are in the limit's base unit.

    `used` is settled use, `reserved` is set aside for calls under way. `remaining` is what is left
    before this call (never negative). `resets_at`, in microseconds since 1970 UTC, is the end of
    the period. For a rolling window, `resets_at` is when its oldest use leaves the window.
    """

    limit: Limit
    asked: int
    used: int
    reserved: int
    remaining: int
    period: Period
    resets_at: int
    # Set on the last verdict of a limit per label: how many further label values are not listed.
    others: int = 0

    @property
    def fits(self) -> bool:
        """Whether the call stays within the limit."""
        return self.asked == 0 or self.used + self.reserved + self.asked <= self.limit.amount

    @property
    def is_held(self) -> bool:
        """Whether the call does not fit, and calls under way are the only reason.

        The call fits once those calls end unused. False if the call fits now or settled use leaves
        no room.
        """
        least = max(1, self.asked)  # a call without a price asks for 0 but needs some room
        used = self.used
        return used + least <= self.limit.amount < used + self.reserved + least

    @property
    def is_used_up(self) -> bool:
        """Whether settled use alone leaves no room for the call, even if all reservations are
        released."""
        return self.used + max(1, self.asked) > self.limit.amount

    @property
    def never_fits(self) -> bool:
        """Whether the call asks for more than the whole limit."""
        return self.asked > self.limit.amount

    @property
    def reset_time(self) -> datetime:
        """`resets_at` as an aware datetime, UTC."""
        return moment(self.resets_at)

    def explain(self, zone: tzinfo | None = None) -> str:
        """One line for people: the limit, what was asked, what remains, when it resets."""
        meter = self.limit.meter_info
        resets = moment(self.resets_at, zone) if zone else moment(self.resets_at)
        per, ends = f"per {self.limit.window}", f"resets at {resets.isoformat(timespec='seconds')}"
        if self.limit.window.is_endless:
            per, ends = "prepaid", f"add credit: quotakeeper limits topup {self.limit.name!r}"
        asked = f"asked {units_text(self.asked, meter)}, " if self.asked else ""
        state = ""
        if self.asked and self.is_held:
            state = " has no room until calls under way end"
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
class LimitWarning(Verdict):
    """A verdict on a limit whose use has passed one of its thresholds; `str` returns `text`.

    `text` is one line for people: the limit, its use in percent and in its unit, and its reset
    time.
    """

    text: str = ""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class HoldBasis:
    """What is reserved for a call, and the reason for the amounts.

    `quantities` and `cost_pico` are what is reserved; `most` is the upper bound that they come
    from. `hold` is "worst_case" or "typical"; for "typical", `calls` is the number of calls behind
    the p99. `reasons` maps a quantity to how its amount is known. `clamped_output_tokens` is the
    output cap that `on_limit = "clamp"` set: the caller must send it with the request.
    `not_clamped` says why no cap was set. `waited_ms` is how long the call waited for room.
    `not_waited` says why the call did not wait although the policy is to wait.
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
    """The cap that a request sets on its own output.

    `field` is the name of the cap in the request. `is_named` is false if the request does not set
    it: then the cap is the model's maximum. `answers` is how many answers the request asks for.
    `least` is the lowest cap that the provider accepts. `fixed` says why the cap cannot be lowered,
    or is "".
    """

    field: str
    is_named: bool
    answers: int = 1
    least: int = 1
    fixed: str = ""

    @property
    def reason(self) -> str:
        """Why this much output is reserved; "" if the request sets the cap itself."""
        return "" if self.is_named else f"the model's maximum, as the request sets no {self.field}"


_NOTHING: Quantities = MappingProxyType({})
_NO_REASONS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a call is allowed, and the limits behind that answer.

    `refusing` are the hard limits without room. `warnings` are limits that the call would bring to
    one of their thresholds, and soft or shadow limits that it would pass. `pause` is set if a pause
    refuses the call: then no limit was checked and `refusing` is empty.

    `doubt` is set if hard limits refuse because the clock jumped ahead; `refusing` then names them
    even if they have room.

    `basis` says what was to be reserved, and why. It is set for every refusal. It is also set for a
    call that was admitted at a typical amount, at a lowered output cap, or after a wait.
    """

    allowed: bool
    refusing: tuple[Verdict, ...] = ()
    warnings: tuple[Verdict, ...] = ()
    pause: CallPause | None = None
    doubt: ClockDoubt | None = None
    basis: HoldBasis | None = None

    @property
    def is_held(self) -> bool:
        """Whether reservations of calls under way are the only reason for the refusal."""
        return (
            bool(self.refusing)
            and self.doubt is None
            and all(verdict.is_held for verdict in self.refusing)
        )

    @property
    def blocking(self) -> Verdict:
        """The refusing limit that resets last: after its reset, no refusing limit blocks the call."""
        return max(self.refusing, key=lambda verdict: verdict.resets_at)

    def explain(self) -> str:
        """One line for people: "allowed", or why the call is refused."""
        if self.pause is not None:
            return self.pause.explain()
        if self.doubt is not None:
            return self.doubt.explain()
        return "allowed" if self.allowed else self.blocking.explain()
