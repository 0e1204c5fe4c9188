"""Decisions: whether a call can be sent; if not, which limit refuses the call, and until when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import TYPE_CHECKING

from quotakeeper.domain.limits import Limit
from quotakeeper.domain.pauses import CallPause
from quotakeeper.domain.units import Quantities, units_text
from quotakeeper.domain.windows import Period, moment
from quotakeeper.value_classes import dataclass, field

if TYPE_CHECKING:
    from quotakeeper.domain.server_doubts import LedgerDoubt


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of one limit, and whether one call fits. Amounts are in the limit's base unit.

    - `asked`: the amount that the call asks for.
    - `used`: settled use.
    - `reserved`: the amount set aside for calls in progress.
    - `remaining`: what is left before this call; never negative.
    - `resets_at`: the end of the period, in microseconds since 1970 UTC. For a rolling window, the
      instant at which the oldest use leaves the window.
    """

    limit: Limit
    asked: int
    used: int
    reserved: int
    remaining: int
    period: Period
    resets_at: int
    # In a list of a limit's label values, the last verdict has the number of values not listed.
    others: int = 0

    @property
    def fits(self) -> bool:
        """Whether the call stays within the limit."""
        return self.asked == 0 or self.used + self.reserved + self.asked <= self.limit.amount

    @property
    def is_held(self) -> bool:
        """Whether the call does not fit now, but would fit if all open reservations were released."""
        least = max(
            1, self.asked
        )  # a call without a price asks for 0, but fits only if something is left
        used = self.used
        return used + least <= self.limit.amount < used + self.reserved + least

    @property
    def is_used_up(self) -> bool:
        """Whether the call would not fit even if all open reservations were released."""
        return self.used + max(1, self.asked) > self.limit.amount

    @property
    def never_fits(self) -> bool:
        """Whether the call asks for more than the whole limit."""
        return self.asked > self.limit.amount

    @property
    def reset_time(self) -> datetime:
        """`resets_at` as a datetime in UTC."""
        return moment(self.resets_at)

    def explain(self, zone: tzinfo | None = None) -> str:
        """Return one line for people: the limit, what the call asks for, what remains, and the
        reset time.

        The reset time is shown in `zone`, by default in UTC.
        """
        meter = self.limit.meter_info
        resets = moment(self.resets_at, zone) if zone else moment(self.resets_at)
        per, ends = f"per {self.limit.window}", f"resets at {resets.isoformat(timespec='seconds')}"
        if self.limit.window.is_endless:
            per, ends = "prepaid", f"add credit: quotakeeper limits topup {self.limit.name!r}"
        asked = f"asked {units_text(self.asked, meter)}, " if self.asked else ""
        state = ""
        if self.asked and self.is_held:
            state = " has no room until running calls end"
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
    """A verdict on a limit whose use has reached one of its thresholds. `str` returns `text`.

    `text` is one line for people: the limit, its use in percent and in its unit, and its reset
    time.
    """

    text: str = ""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class HoldBasis:
    """What is reserved for a call, and the reason for the amounts.

    - `quantities`, `cost_pico`: what is reserved; the cost in pico-USD.
    - `most`: the upper bound from which the reserved amounts were computed.
    - `hold`: "worst_case" or "typical".
    - `calls`: for "typical", the number of earlier calls from which the p99 was computed.
    - `reasons`: for each quantity, a text that says how its amount is known.
    - `clamped_output_tokens`: the output cap that `on_limit = "clamp"` set, or None. The caller
      must send this cap with the request.
    - `not_clamped`: why no cap was set, or "".
    - `waited_ms`: how many milliseconds the call waited until it was admitted.
    - `not_waited`: why the call did not wait although the policy is to wait; otherwise "".
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
        """Return how the amounts were chosen: "worst case", or "typical (p99 of 312 calls)"."""
        if self.hold == "typical" and self.calls:
            return f"typical (p99 of {self.calls} calls)"
        return "worst case"


@dataclass(frozen=True, slots=True)
class OutputCap:
    """The cap on a call's output, from the request or from the model.

    - `field`: the name of the cap in the request.
    - `is_named`: whether the request sets the cap; if not, the cap is the model's maximum.
    - `answers`: how many answers the request asks for.
    - `least`: the lowest cap that the provider accepts.
    - `fixed`: why the cap cannot be lowered, or "".
    """

    field: str
    is_named: bool
    answers: int = 1
    least: int = 1
    fixed: str = ""

    @property
    def reason(self) -> str:
        """Why the model's maximum output is reserved; "" if the request sets the cap itself."""
        if self.is_named:
            return ""
        return f"the model's maximum, because the request does not set {self.field}"


_NOTHING: Quantities = MappingProxyType({})
_NO_REASONS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a call is allowed, and the limits that decided this.

    - `refusing`: the hard limits into which the call does not fit.
    - `warnings`: limits in which the call reaches a threshold, and soft or shadow limits that the
      call exceeds.
    - `pause`: the pause that refuses the call, or None. With a pause, no limit was checked.
    - `doubt`: set if hard limits refuse because the clock or the ledger cannot be trusted. `refusing`
      then names these limits, even if the call fits.
    - `basis`: what was to be reserved, and why. Set for every refusal. Also set for a call that was
      admitted at a typical amount, at a lowered output cap, or after a wait.
    """

    allowed: bool
    refusing: tuple[Verdict, ...] = ()
    warnings: tuple[Verdict, ...] = ()
    pause: CallPause | None = None
    doubt: LedgerDoubt | None = None
    basis: HoldBasis | None = None

    @property
    def is_held(self) -> bool:
        """Whether reservations of calls in progress are the only reason for the refusal."""
        return (
            bool(self.refusing)
            and self.doubt is None
            and all(verdict.is_held for verdict in self.refusing)
        )

    @property
    def blocking(self) -> Verdict:
        """The refusing limit that resets last: after its reset, no limit in `refusing` blocks the
        call.

        Raises ValueError if `refusing` is empty.
        """
        return max(self.refusing, key=lambda verdict: verdict.resets_at)

    def explain(self) -> str:
        """Return one line for people: "allowed", or why the call is refused."""
        if self.pause is not None:
            return self.pause.explain()
        if self.doubt is not None:
            return self.doubt.explain()
        return "allowed" if self.allowed else self.blocking.explain()
