"""Readings of a machine's two clocks, and the doubt that follows when the wall clock jumps ahead.

A user or a time service can set the wall clock. Nobody can set the boot clock, and it also counts
while the machine is suspended. So both clocks advance equally unless somebody sets the wall clock.
"""

from __future__ import annotations

from datetime import tzinfo

from quotakeeper.domain.windows import FOREVER, moment
from quotakeeper.value_classes import dataclass

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True, slots=True)
class ClockReading:
    """Both clocks at one instant, in microseconds.

    `wall` counts since 1970 UTC, `boot` since the machine started. `frame` names the boot; only
    readings with the same frame can be compared. `frame` is "" on a system that does not identify
    its boots: then only readings of one process can be compared.
    """

    wall: int
    boot: int
    frame: str

    def ahead_of(self, earlier: ClockReading) -> int:
        """How many microseconds the wall clock advanced beyond the boot clock since an earlier
        reading."""
        return (self.wall - earlier.wall) - (self.boot - earlier.boot)


@dataclass(frozen=True, slots=True)
class ClockDoubt:
    """The wall clock jumped ahead by more than `bound`, and no time service has confirmed its time.

    All fields are in microseconds. `ahead` is the size of the jump, `bound` the largest jump that
    is accepted without confirmation. `shown_at` is the time that the clock showed, `trusted_at` the
    newest trusted time, both since 1970 UTC.
    """

    ahead: int
    bound: int
    shown_at: int
    trusted_at: int

    def explain(self, zone: tzinfo | None = None) -> str:
        """Two sentences for people: what happened, by how much, the consequence, and what to do."""
        return (
            f"the clock of this machine jumped ahead by {span_text(self.ahead)} (more than "
            f"{span_text(self.bound)}): it shows {_at(self.shown_at, zone)}, and the last trusted "
            f"time is {_at(self.trusted_at, zone)}. Until this is resolved, hard limits admit no "
            f"call and no new period begins: {self.fix}"
        )

    @property
    def fix(self) -> str:
        """What the user must do now."""
        return "set the clock right; or, if it is right now: quotakeeper doctor --accept-clock"


def span_text(microseconds: int) -> str:
    """A duration in its two largest units: "6 min", "3650 d 2 h"."""
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
