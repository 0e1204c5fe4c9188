"""Readings of a machine's two clocks, and the doubt where the wall clock has jumped ahead.

The wall clock can be set; the clock of the boot cannot, and goes on while the machine is suspended.
So both move by the same amount as long as nobody sets the wall clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from quotakeeper.domain.windows import FOREVER, moment

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True, slots=True)
class ClockReading:
    """Both clocks at one instant, in microseconds: `wall` since 1970 UTC, `boot` since the start of
    the machine. Readings can be compared where `frame`, which names the boot, is the same; "" where
    nothing tells boots apart, and then within one process only."""

    wall: int
    boot: int
    frame: str

    def ahead_of(self, earlier: ClockReading) -> int:
        """By how many microseconds the wall clock has moved more than the clock of the boot."""
        return (self.wall - earlier.wall) - (self.boot - earlier.boot)


@dataclass(frozen=True, slots=True)
class ClockDoubt:
    """The wall clock has jumped ahead by more than the bound, and nothing has confirmed it.

    All in microseconds: `ahead` is by how much, `bound` what is taken without asking, `shown_at` what
    the clock showed then, `trusted_at` the newest time that was trusted; both since 1970 UTC.
    """

    ahead: int
    bound: int
    shown_at: int
    trusted_at: int

    def explain(self, zone: tzinfo | None = None) -> str:
        """Two sentences for people: what happened, by how much, what it means, and what to do."""
        return (
            f"the clock of this machine jumped ahead by {span_text(self.ahead)} (more than "
            f"{span_text(self.bound)}): it shows {_at(self.shown_at, zone)}, and the last trusted "
            f"time is {_at(self.trusted_at, zone)}. Until this is resolved, hard limits admit no "
            f"call and no new period begins: {self.fix}"
        )

    @property
    def fix(self) -> str:
        """What to do now."""
        return "set the clock right; or, if it is right now: quotakeeper doctor --accept-clock"


def span_text(microseconds: int) -> str:
    """A length of time in its two largest units: "6 min", "3650 d 2 h"."""
    left, parts = abs(microseconds) // 1_000_000, []
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def _at(instant: int, zone: tzinfo | None) -> str:
    at = min(max(0, instant), FOREVER)
    when = moment(at, zone) if zone else moment(at)
    return when.isoformat(timespec="seconds")
