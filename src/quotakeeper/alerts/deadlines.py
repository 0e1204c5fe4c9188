"""One deadline for a whole delivery, however many steps it has."""

from __future__ import annotations

import socket
from collections.abc import Callable
from io import RawIOBase
from threading import Thread
from typing import Any, TypeVar

from quotakeeper.clocks import SystemClock
from quotakeeper.native_threads import Empty, SimpleQueue

T = TypeVar("T")

_LEAST_SECONDS = 0.001  # a socket with a timeout of 0 would not wait at all


class Deadline:
    """The seconds that are left for a delivery. `now` is a clock in seconds that is never set back."""

    def __init__(self, seconds: float, now: Callable[[], float] | None = None) -> None:
        self._now = now or SystemClock().monotonic
        self._until = self._now() + seconds

    @property
    def is_over(self) -> bool:
        """Whether no time is left."""
        return self._now() >= self._until

    def left(self) -> float:
        """Return the seconds that are left. Raises TimeoutError if there are none."""
        left = self._until - self._now()
        if left <= 0:
            raise TimeoutError("the receiver did not answer in time")
        return left

    def limit(self, connection: socket.socket) -> None:
        """Give the next step of a connection the seconds that are left. Never raises."""
        connection.settimeout(max(_LEAST_SECONDS, self._until - self._now()))

    def within(self, work: Callable[[], T]) -> T:
        """Return what `work` returns, or raise its error. Raises TimeoutError at the deadline.

        `work` goes on in its thread then, and its result is not used. So it must not send anything:
        this is for questions to name servers, which nothing can end.
        """
        results: SimpleQueue[tuple[T | None, Exception | None]] = SimpleQueue()

        def ask() -> None:
            try:
                results.put((work(), None))
            except Exception as error:  # noqa: BLE001 - the thread that waits raises it
                results.put((None, error))

        left = self.left()
        Thread(target=ask, daemon=True).start()
        try:
            found, error = results.get(timeout=left)
        except Empty:
            raise TimeoutError("the name servers did not answer in time") from None
        if error is not None:
            raise error
        return found  # type: ignore[return-value]  # None only if T has it


class Received(RawIOBase):
    """The bytes that a connection receives, each part within the deadline."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._connection = connection
        self._deadline = deadline

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what has come, and return how many bytes. Raises OSError."""
        self._connection.settimeout(self._deadline.left())
        return self._connection.recv_into(buffer)
