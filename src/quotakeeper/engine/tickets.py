"""A ticket: one command or question on its way to the worker, and its answer on the way back."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Any

from quotakeeper.domain.commands import Command
from quotakeeper.domain.store import Store

if TYPE_CHECKING:
    import asyncio

Question = Callable[[Store, int], Any]


class Ticket:
    """Answered once, or abandoned once: whoever claims it first decides.

    Exactly one of `command` (a write) and `question` (a read, given the store and the time) is set.
    """

    __slots__ = ("_claim", "_done", "_waiter", "answer", "command", "error", "question")

    def __init__(self, command: Command | None = None, question: Question | None = None) -> None:
        self.command = command
        self.question = question
        self.answer: Any = None
        self.error: BaseException | None = None
        self._claim = [None]  # popping from a list is atomic
        self._done: Lock | None = None
        self._waiter: tuple[asyncio.AbstractEventLoop, asyncio.Future[None]] | None = None

    def claim(self) -> bool:
        """Whether the caller of this is the first to claim the ticket."""
        try:
            self._claim.pop()
        except IndexError:
            return False
        return True

    @property
    def open(self) -> bool:
        """Neither answered nor abandoned yet."""
        return bool(self._claim)

    def expect(self) -> None:
        """Get ready for a thread to wait; before the ticket is handed over."""
        self._done = Lock()
        self._done.acquire()

    def wait(self, seconds: float) -> bool:
        """Wait for the answer; False when it did not come in time and the ticket is abandoned."""
        assert self._done is not None
        if self._done.acquire(timeout=seconds):
            return True
        return not self.claim()

    def expect_in(self, loop: asyncio.AbstractEventLoop) -> asyncio.Future[None]:
        """Get ready for a coroutine to wait; before the ticket is handed over."""
        future: asyncio.Future[None] = loop.create_future()
        self._waiter = (loop, future)
        return future

    def deliver(self, answer: Any, error: BaseException | None = None) -> bool:
        """Give the answer to whoever waits; False when they have gone."""
        self.answer, self.error = answer, error
        if not self.claim():
            return False
        if self._done is not None:
            self._done.release()
        if self._waiter is not None:
            loop, future = self._waiter
            try:
                loop.call_soon_threadsafe(_resolve, future)
            except RuntimeError:  # the loop was closed before the answer came
                return False
        return True


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
