"""The awaitable that `areserve` returns."""

from __future__ import annotations

from collections.abc import Generator
from types import TracebackType
from typing import Any

from quotakeeper.engine.reservation import Reservation


class PendingReservation:
    """What `areserve` returns: `await` makes the reservation. `async with` makes it and ends it."""

    def __init__(self, start: Any) -> None:
        self._start = start
        self._reservation: Reservation | None = None

    def __await__(self) -> Generator[Any, None, Reservation]:
        reservation: Reservation = yield from self._start.__await__()
        return reservation

    async def __aenter__(self) -> Reservation:
        self._reservation = await self
        return self._reservation

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if self._reservation is not None:
            await self._reservation.__aexit__(kind, error, trace)
