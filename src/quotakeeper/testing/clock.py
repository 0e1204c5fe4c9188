"""A clock that is turned by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Stands still until it is moved. Sleeping moves it, so nothing ever waits."""

    def __init__(self, start: str | datetime = "2026-11-23T12:00:00+00:00") -> None:
        self._now = 0
        self._monotonic = 1_000.0
        self.slept: list[float] = []
        self.set(start)

    def now(self) -> int:
        """Wall time in microseconds since 1970 UTC."""
        return self._now

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return self._monotonic

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
        self._now += step // timedelta(microseconds=1)
        self._monotonic += max(0.0, step.total_seconds())

    def set(self, moment: str | datetime) -> None:
        """Set the wall clock: an aware datetime, or RFC 3339 text."""
        if isinstance(moment, str):
            moment = datetime.fromisoformat(moment)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        self._now = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
