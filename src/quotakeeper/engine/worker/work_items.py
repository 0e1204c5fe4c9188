"""A ticket: one command or question on its way to the worker, and its answer on the way back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from quotakeeper.domain.ledger.commands import (
    Command,
    Denied,
    Failed,
    Outcomes,
    Reserve,
    Reserved,
    Watched,
)
from quotakeeper.domain.ports import Store
from quotakeeper.engine.worker.errors import afresh
from quotakeeper.native_threads import Lock

if TYPE_CHECKING:
    import asyncio

log = logging.getLogger("quotakeeper.engine")

Question = Callable[[Store, int], Any]
_TAKING = (Reserved, Denied, Failed, Watched)  # outcomes that free no room


class WorkItem:
    """Answered once, or withdrawn once: whoever claims it first decides.

    Exactly one of `command` (a write) and `question` (a read, given the store and the time) is set.
    """

    __slots__ = ("_claim", "_done", "answer", "command", "error", "future", "gone", "question")

    def __init__(self, command: Command | None = None, question: Question | None = None) -> None:
        self.command = command
        self.question = question
        self.answer: Any = None
        self.error: BaseException | None = None
        self.future: asyncio.Future[None] | None = None
        self._claim = [None]  # popping from a list is atomic
        self._done: Lock | None = None
        self.gone = False  # whether who waited has left, and it is carried out all the same

    def claim(self) -> bool:
        """Whether the caller of this is the first to claim the ticket."""
        try:
            self._claim.pop()
        except IndexError:
            return False
        return True

    def withdraw(self) -> bool:
        """Wait no longer; False when the answer had come.

        A reservation then never comes to be, or is given back; what says that something was used
        or sent is still carried out.
        """
        if isinstance(self.command, Reserve) or self.question is not None:
            return self.claim()
        self.gone = self.open
        return self.gone

    @property
    def open(self) -> bool:
        """Neither answered nor withdrawn yet."""
        return bool(self._claim)

    @property
    def awaited(self) -> bool:
        """Whether somebody was to wait for the answer."""
        return self._done is not None or self.future is not None

    def expect(self) -> None:
        """Get ready for a thread to wait; before the ticket is handed over."""
        self._done = Lock()
        self._done.acquire()

    def wait(self, seconds: float) -> bool:
        """Wait for the answer; False when it did not come in time."""
        assert self._done is not None
        return bool(self._done.acquire(timeout=seconds))

    def expect_in(self, loop: asyncio.AbstractEventLoop) -> asyncio.Future[None]:
        """Get ready for a coroutine to wait; before the ticket is handed over."""
        self.future = loop.create_future()
        return self.future

    def result(self) -> Any:
        """The answer, once it was delivered; raises the error that took its place."""
        if self.error is not None:
            raise self.error
        return self.answer

    def deliver(self, answer: Any, error: BaseException | None = None) -> bool:
        """Give the answer to whoever waits; False when they have gone.

        A thread is woken at once; a coroutine by `wake`, with all the others of its loop.
        """
        self.answer, self.error = answer, error
        if not self.claim():
            return False
        if self._done is not None:
            self._done.release()
        return True


def frees_room(outcomes: Iterable[Outcomes]) -> bool:
    """Whether any of these may leave more room under a limit than there was."""
    return not all(isinstance(outcome, _TAKING) for outcome in outcomes)


def fail(tickets: Iterable[WorkItem], error: Exception) -> None:
    """Give an error to all of these that have no answer yet, each one of its own.

    What nobody waits for is logged.
    """
    failed = [ticket for ticket in tickets if ticket.open and ticket.deliver(None, afresh(error))]
    for ticket in failed:
        if not ticket.awaited:
            log.warning("quotakeeper: %s: %s", type(ticket.command).__name__, error)
    wake(failed)


def wake(answered: Iterable[WorkItem]) -> list[WorkItem]:
    """Wake the coroutines that wait for these tickets: each event loop once, however many they are.

    Gives back the tickets whose loop was closed before the answer came.
    """
    loops: dict[asyncio.AbstractEventLoop, list[WorkItem]] = {}
    for ticket in answered:
        if ticket.future is not None:
            loops.setdefault(ticket.future.get_loop(), []).append(ticket)
    gone: list[WorkItem] = []
    for loop, tickets in loops.items():
        try:
            loop.call_soon_threadsafe(_resolve, tickets)
        except RuntimeError:
            gone += tickets
    return gone


def _resolve(tickets: list[WorkItem]) -> None:
    for ticket in tickets:
        if ticket.future is not None and not ticket.future.done():
            ticket.future.set_result(None)
