"""A clock that is turned by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_boots: Callable[[], int] = count(1).__next__


class FakeClock:
    """Stands still until it is moved. Sleeping moves it, so nothing ever waits.

    It has a clock of its boot as well: `advance` and `set` move both, `jump` the wall clock alone.
    Each FakeClock is a machine of its own; `beside` gives a second process's clock.
    """

    def __init__(self, start: str | datetime = "2026-11-23T12:00:00+00:00") -> None:
        self._now = 0
        self._monotonic = 1_000.0
        self._boot = 3_600_000_000
        self.boot_frame = f"fake-{_boots()}"
        self.slept: list[float] = []
        self.jump(start)

    def now(self) -> int:
        """Wall time in microseconds since 1970 UTC."""
        return self._now

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return self._monotonic

    def boot(self) -> int | None:
        """Microseconds since the machine was started; `jump` does not change it."""
        return self._boot

    def sleep(self, seconds: float) -> None:
        """Note the wish and move on at once."""
        self.slept.append(seconds)
        self.advance(seconds=seconds)

    async def asleep(self, seconds: float) -> None:
        """`sleep` on an event loop: other tasks get their turn."""
        import asyncio  # noqa: PLC0415 - slow to load

        self.sleep(seconds)
        await asyncio.sleep(0)

    def advance(
        self, *, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0
    ) -> None:
        """Let time pass, on both clocks. Negative: the wall clock is set back, and only it."""
        step = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        self._now += step // _MICROSECOND
        self._boot += max(0, step // _MICROSECOND)
        self._monotonic += max(0.0, step.total_seconds())

    def set(self, moment: str | datetime) -> None:
        """Let time pass until a moment: an aware datetime, or RFC 3339 text. An earlier one sets the
        wall clock back. The monotonic clock stays."""
        step = _instant(moment) - self._now
        self._now += step
        self._boot += max(0, step)

    def jump(self, moment: str | datetime) -> None:
        """Set the wall clock, and only it, as somebody does who sets it wrong.

        A program takes a clock that jumps ahead by more than 5 minutes for wrong, once it has seen
        it before.
        """
        self._now = _instant(moment)

    def suspend(self, *, hours: float) -> None:
        """The machine sleeps: the wall clock and that of the boot go on, the monotonic one does not."""
        step = timedelta(hours=hours) // _MICROSECOND
        self._now += step
        self._boot += step

    def restart(self, *, seconds: float = 60) -> None:
        """The machine is started again: another boot, after so many seconds."""
        self._now += timedelta(seconds=seconds) // _MICROSECOND
        self._boot, self._monotonic = 1_000_000, 1.0
        self.boot_frame = f"fake-{_boots()}"

    def beside(self, *, seconds: float = 0) -> FakeClock:
        """The clock of another process on this machine, whose wall time is so much ahead; moved by
        itself from then on."""
        other = FakeClock()
        other._now = self._now + timedelta(seconds=seconds) // _MICROSECOND
        other._boot, other._monotonic = self._boot, self._monotonic
        other.boot_frame = self.boot_frame
        return other


def _instant(moment: str | datetime) -> int:
    """Microseconds since 1970 UTC."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MICROSECOND
