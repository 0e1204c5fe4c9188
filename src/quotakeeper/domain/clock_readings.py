"""Readings of a machine's two clocks, and the check whether the wall clock jumped ahead.

A user or a time service can set the wall clock. Nobody can set the boot clock, which also counts
while the machine is suspended. So both clocks advance equally unless somebody sets the wall clock.
"""

from __future__ import annotations

from datetime import tzinfo

from quotakeeper.domain.windows import FOREVER, Period, Window, moment
from quotakeeper.value_classes import dataclass

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True, slots=True)
class ClockReading:
    """The readings of both clocks at one instant, in microseconds.

    `wall` counts since 1970 UTC, `boot` since the machine started. `frame` identifies one start of
    the machine. Only readings with the same `frame` can be compared. Some systems do not identify
    their starts. There, `frame` is "", and only readings of the same process can be compared.
    """

    wall: int
    boot: int
    frame: str

    def ahead_of(self, earlier: ClockReading) -> int:
        """Return how far the wall clock jumped ahead since `earlier`, in microseconds.

        This is the advance of the wall clock minus the advance of the boot clock.
        """
        return (self.wall - earlier.wall) - (self.boot - earlier.boot)


@dataclass(frozen=True, slots=True)
class ClockDoubt:
    """The wall clock jumped ahead by more than `bound`, and no time service has confirmed the new
    time.

    - `ahead`: the size of the jump, in microseconds.
    - `bound`: the largest jump that is accepted without confirmation, in microseconds.
    - `shown_at`: the time that the clock showed, in microseconds since 1970 UTC.
    - `trusted_at`: the newest trusted time, in microseconds since 1970 UTC.
    """

    ahead: int
    bound: int
    shown_at: int
    trusted_at: int

    def stops(self, _window: Window, _period: Period) -> bool:
        """Return True: every hard limit refuses calls."""
        return True

    def explain(self, zone: tzinfo | None = None) -> str:
        """Return a message for people: what happened, by how much, the consequence, and what to do.

        Times are shown in `zone`, by default in UTC.
        """
        return (
            f"the clock of this machine jumped ahead by {span_text(self.ahead)} (more than "
            f"{span_text(self.bound)}): it shows {_at(self.shown_at, zone)}, and the last trusted "
            f"time is {_at(self.trusted_at, zone)}. Until this is resolved, hard limits admit no "
            f"call and no new period begins: {self.fix}"
        )

    @property
    def fix(self) -> str:
        """What the user must do, as a text."""
        return "correct the clock; if it is right, run: quotakeeper doctor --accept-clock"


def span_text(microseconds: int) -> str:
    """Return a duration as text in its two largest units: "6 min", "3650 d 2 h"."""
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
