"""A clock for tests. Its time changes only when the test changes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_boots: Callable[[], int] = count(1).__next__


class FakeClock:
    """A clock whose time changes only when the test changes it. `sleep` advances it, so no test waits.

    FakeClock also has a boot clock. `advance` and `set` change the wall clock and the boot clock;
    `jump` changes only the wall clock. Each FakeClock is the clock of one machine. `beside` returns
    the clock of a second process on the same machine.
    """

    def __init__(self, start: str | datetime = "2026-11-23T12:00:00+00:00") -> None:
        self._now = 0
        self._monotonic = 1_000.0
        self._boot = 3_600_000_000
        self.boot_frame = f"fake-{_boots()}"
        self.slept: list[float] = []
        self.jump(start)

    def now(self) -> int:
        """Return the wall time in microseconds since 1970 UTC."""
        return self._now

    def monotonic(self) -> float:
        """Return a number of seconds that never decreases."""
        return self._monotonic

    def boot(self) -> int | None:
        """Return the microseconds since the start of the machine. `jump` does not change this value."""
        return self._boot

    def sleep(self, seconds: float) -> None:
        """Add `seconds` to `slept`, and advance the clock at once."""
        self.slept.append(seconds)
        self.advance(seconds=seconds)

    async def asleep(self, seconds: float) -> None:
        """Do the same as `sleep`, for asyncio code. The other tasks of the event loop run one step."""
        import asyncio  # noqa: PLC0415 - slow to load

        self.sleep(seconds)
        await asyncio.sleep(0)

    def advance(
        self, *, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0
    ) -> None:
        """Advance all clocks by the sum of the given times. A negative time sets only the wall
        clock back."""
        step = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        self._now += step // _MICROSECOND
        self._boot += max(0, step // _MICROSECOND)
        self._monotonic += max(0.0, step.total_seconds())

    def set(self, moment: str | datetime) -> None:
        """Advance the wall clock and the boot clock to `moment`: an aware datetime, or RFC 3339 text.

        An earlier moment sets only the wall clock back. The monotonic clock does not change.
        """
        step = _instant(moment) - self._now
        self._now += step
        self._boot += max(0, step)

    def jump(self, moment: str | datetime) -> None:
        """Set only the wall clock, like a person who sets a clock to a wrong time.

        A jump ahead of more than 5 minutes makes the clock untrusted for a program that has read
        the clock before.
        """
        self._now = _instant(moment)

    def suspend(self, *, hours: float) -> None:
        """Suspend the machine: the wall clock and the boot clock advance, but the monotonic clock
        does not."""
        step = timedelta(hours=hours) // _MICROSECOND
        self._now += step
        self._boot += step

    def restart(self, *, seconds: float = 60) -> None:
        """Restart the machine: the wall clock advances by `seconds`, and the boot clock starts again."""
        self._now += timedelta(seconds=seconds) // _MICROSECOND
        self._boot, self._monotonic = 1_000_000, 1.0
        self.boot_frame = f"fake-{_boots()}"

    def beside(self, *, seconds: float = 0) -> FakeClock:
        """Return the clock of another process on this machine. Its wall time is `seconds` ahead of
        this clock.

        After that, a change of one clock does not change the other.
        """
        other = FakeClock()
        other._now = self._now + timedelta(seconds=seconds) // _MICROSECOND
        other._boot, other._monotonic = self._boot, self._monotonic
        other.boot_frame = self.boot_frame
        return other


def _instant(moment: str | datetime) -> int:
    """Convert a moment to microseconds since 1970 UTC. A moment without a UTC offset is in UTC."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MICROSECOND
