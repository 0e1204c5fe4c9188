"""Work items: one command or question for the worker, and its answer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from quotakeeper.domain.ledger.commands import Command, Reserve
from quotakeeper.domain.ports import Store
from quotakeeper.engine.worker.errors import afresh
from quotakeeper.errors import QuotakeeperError
from quotakeeper.native_threads import Lock

if TYPE_CHECKING:
    import asyncio

log = logging.getLogger("quotakeeper.engine")

Question = Callable[[Store, int], Any]


class WorkItem:
    """A command or a question for the worker, and its answer.

    The worker answers the item, or the caller withdraws it: the first `claim` decides. Exactly one
    of `command` and `question` is set. A command writes. A question reads; it is called with the
    store and the time. With `awaited`, a thread waits for the answer, as after `expect`.
    """

    __slots__ = (
        "answer", "awaited", "claims", "command", "done", "error", "future", "gone", "question"
    )  # fmt: skip

    def __init__(
        self, command: Command | None = None, question: Question | None = None,
        *, awaited: bool = False,
    ) -> None:  # fmt: skip
        self.command = command
        self.question = question
        self.answer: Any = None
        self.error: BaseException | None = None
        self.future: asyncio.Future[None] | None = None
        self.claims = [None]  # empty once the item is claimed; popping from a list is atomic
        self.done: Any = None  # a lock, locked until the answer comes, if a thread waits
        if awaited:  # as `expect`, without a call
            self.done = Lock()
            self.done.acquire()
        self.awaited = awaited  # whether a caller waits for the answer, or has waited for it
        self.gone = False  # whether the caller no longer waits although the command is executed

    def claim(self) -> bool:
        """Claim the item. Returns True for the first claim only."""
        try:
            self.claims.pop()
        except IndexError:
            return False
        return True

    def withdraw(self) -> bool:
        """Stop waiting for the answer. Returns False if the item was already answered.

        A reservation that was not made yet is not made, and one that was made is released. Commands
        that report usage or a sent call are still executed.
        """
        if isinstance(self.command, Reserve) or self.question is not None:
            return self.claim()
        self.gone = self.open
        return self.gone

    @property
    def open(self) -> bool:
        """Whether the item is neither answered nor withdrawn."""
        return bool(self.claims)

    def expect(self) -> None:
        """Make it possible to call `wait`. Call this before the item is passed to the worker."""
        self.done = Lock()
        self.done.acquire()
        self.awaited = True

    def wait(self, seconds: float) -> bool:
        """Block until the answer comes. Returns False if no answer comes within `seconds`."""
        assert self.done is not None
        return bool(self.done.acquire(timeout=seconds))

    def expect_in(self, loop: asyncio.AbstractEventLoop) -> asyncio.Future[None]:
        """Return a future that a coroutine awaits until the answer comes.

        Call this before the item is passed to the worker.
        """
        self.future = loop.create_future()
        self.awaited = True
        return self.future

    def result(self) -> Any:
        """Return the delivered answer, or raise the delivered error."""
        if self.error is not None:
            raise self.error
        return self.answer

    def deliver(self, answer: Any, error: BaseException | None = None) -> bool:
        """Deliver the answer to the caller. Returns False if the caller has withdrawn the item.

        A waiting thread continues at once. Coroutines continue when `wake` is called.
        """
        self.answer, self.error = answer, error
        try:
            self.claims.pop()  # like `claim`, without a call
        except IndexError:
            return False
        if self.done is not None:
            self.done.release()
        return True


def fail(tickets: Iterable[WorkItem], error: Exception) -> None:
    """Deliver a copy of `error` to each item that has no answer yet.

    Logs the errors of items that no caller waits for.
    """
    failed = [ticket for ticket in tickets if ticket.open and ticket.deliver(None, afresh(error))]
    for ticket in failed:
        if not ticket.awaited:
            log.warning(
                "quotakeeper: the command %s failed: %s", type(ticket.command).__name__, error
            )
    wake(failed)


def answers_of(tickets: Iterable[WorkItem], answered: Callable[[WorkItem], Any]) -> list[Any]:
    """Return the result of `answered` for each item, or the QuotakeeperError that it raises."""
    answers: list[Any] = []
    for ticket in tickets:
        try:
            answers.append(answered(ticket))
        except QuotakeeperError as error:
            answers.append(error)
    return answers


def wake(answered: Iterable[WorkItem]) -> list[WorkItem]:
    """Wake the coroutines that wait for these items, with one call per event loop.

    Returns the items that no coroutine can receive any more, because their loop was closed.
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
