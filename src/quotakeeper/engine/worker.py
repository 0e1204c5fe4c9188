"""The one thread of a process that owns the store.

It commits everything that has piled up as one batch (group commit), so throughput rises with load.
Callers wait on tickets: a thread blocks on a lock, a coroutine on a future, never on the disk.
"""

from __future__ import annotations

import atexit
import logging
import os
import weakref
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Lock, Thread, current_thread
from typing import Any

from quotakeeper.clocks import Clock
from quotakeeper.domain.commands import Command, Release, Reserved, Sweep, Watch
from quotakeeper.domain.limits import Account
from quotakeeper.domain.store import Store
from quotakeeper.engine.tickets import Question, Ticket
from quotakeeper.errors import LedgerUnavailableError, OutcomeUnknownError, QuotakeeperError

MOST_IN_BATCH = 1_000
SWEEP_SECONDS = 30.0
PATIENCE_SECONDS = 15.0
_GOODBYE_SECONDS = 2.0
_TOO_SLOW = "quotakeeper: no answer in time"

log = logging.getLogger("quotakeeper")


class Worker:
    """Owns a store. Starts its thread on the first ticket; survives fork (the child starts anew)."""

    def __init__(self, store: Store, clock: Clock, accounts: tuple[Account, ...]) -> None:
        self._store = store
        self._clock = clock
        self._accounts = accounts
        self._patience = PATIENCE_SECONDS
        self._reset()
        _living.add(self)

    def _reset(self) -> None:
        self._queue: SimpleQueue[Ticket | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._starting = Lock()
        self._closed = False
        self._watching = False
        self._next_sweep = 0.0

    @property
    def store(self) -> Store:
        """The store; to be asked directly only for what opens connections of its own."""
        return self._store

    # -- for threads

    def carry_out(self, command: Command) -> Any:
        """Have a command carried out and durable; give its outcome. Blocks this thread."""
        return self._waited(Ticket(command))

    def ask(self, question: Question) -> Any:
        """Have a question answered between two batches. Blocks this thread."""
        return self._waited(Ticket(question=question))

    def post(self, command: Command) -> None:
        """Hand over a command without waiting for it; safe in a finalizer, so it starts nothing."""
        if self._thread is not None and not self._closed:
            self._queue.put(Ticket(command))

    def _waited(self, ticket: Ticket) -> Any:
        ticket.expect()
        self._put(ticket)
        if not ticket.wait(self._patience):
            raise self._too_slow(ticket)
        return _result(ticket)

    # -- for coroutines

    async def acarry_out(self, command: Command) -> Any:
        """Have a command carried out and durable; give its outcome."""
        return await self._awaited(Ticket(command))

    async def aask(self, question: Question) -> Any:
        """Have a question answered."""
        return await self._awaited(Ticket(question=question))

    async def _awaited(self, ticket: Ticket) -> Any:
        import asyncio  # noqa: PLC0415 - costs a tenth of a second that a program without it saves

        loop = asyncio.get_running_loop()
        future = ticket.expect_in(loop)
        self._put(ticket)
        limit = loop.call_later(self._patience, future.cancel, _TOO_SLOW)
        try:
            await future
        except BaseException as error:
            # A reservation that nobody waits for either never comes to be, or is given back.
            if not ticket.claim():
                self._give_back(ticket.answer)
            if isinstance(error, asyncio.CancelledError) and error.args == (_TOO_SLOW,):
                raise self._too_slow(ticket) from None
            raise
        finally:
            limit.cancel()
        return _result(ticket)

    # -- life

    def close(self, seconds: float | None = None) -> None:
        """Finish what was handed over, end this process's open reservations, close the store."""
        with self._starting:
            already, self._closed = self._closed, True
            thread = self._thread
        if already and thread is None:
            return
        if thread is None:
            self._store.close()
        elif thread is not current_thread():
            self._queue.put(None)
            thread.join(seconds)
        self._thread = None

    def after_fork(self) -> None:
        """In a forked child: nothing of the parent's thread, queue or handles is used again."""
        if self._thread is not None or not self._closed:
            self._store = self._store.after_fork()
        closed = self._closed
        self._reset()
        self._closed = closed

    def _put(self, ticket: Ticket) -> None:
        if self._thread is None or self._closed:
            self._start()
        self._queue.put(ticket)

    def _start(self) -> None:
        with self._starting:
            if self._closed:
                raise LedgerUnavailableError(self._store.name, "this keeper was closed", "open one")
            if self._thread is None:
                self._thread = Thread(target=self._run, name="quotakeeper", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        stop = False
        while not stop:
            batch: list[Ticket] = []
            with suppress(Empty):
                first = self._queue.get(timeout=SWEEP_SECONDS)
                stop = first is None
                if first is not None:
                    batch.append(first)
                while len(batch) < MOST_IN_BATCH and not stop:
                    ticket = self._queue.get_nowait()
                    stop = ticket is None
                    if ticket is not None:
                        batch.append(ticket)
            self._serve([ticket for ticket in batch if ticket.open])
            self._sweep_when_due()
        self._say_goodbye()

    def _serve(self, batch: list[Ticket]) -> None:
        now = self._clock.now()
        try:
            self._watch(now)
        except QuotakeeperError as error:
            for ticket in batch:
                ticket.deliver(None, error)
            return
        writes = [ticket for ticket in batch if ticket.command is not None]
        if writes:
            self._write(writes, now)
        for ticket in batch:
            if ticket.question is not None:
                self._answer(ticket, ticket.question, now)

    def _watch(self, now: int) -> None:
        if not self._watching:
            self._store.apply([Watch(self._accounts)], now)
            self._sweep(now)
            self._watching = True

    def _write(self, tickets: list[Ticket], now: int) -> None:
        commands = [ticket.command for ticket in tickets if ticket.command is not None]
        try:
            outcomes = self._store.apply(commands, now)
        except QuotakeeperError as error:
            for ticket in tickets:
                ticket.deliver(None, error)
            return
        except Exception as error:
            log.exception("quotakeeper: a batch failed")
            for ticket in tickets:
                ticket.deliver(None, error)
            return
        for ticket, outcome in zip(tickets, outcomes, strict=True):
            if not ticket.deliver(outcome):
                self._give_back(outcome)

    def _answer(self, ticket: Ticket, question: Question, now: int) -> None:
        try:
            ticket.deliver(question(self._store, now))
        except Exception as error:  # noqa: BLE001 - the thread must live; the caller gets the error
            ticket.deliver(None, error)

    def _give_back(self, outcome: Any) -> None:
        if isinstance(outcome, Reserved) and not outcome.replay:
            self._queue.put(Ticket(Release(outcome.hold.id)))

    def _sweep_when_due(self) -> None:
        if self._clock.monotonic() < self._next_sweep:
            return
        try:
            self._sweep(self._clock.now())
        except QuotakeeperError as error:
            log.debug("quotakeeper: sweep put off: %s", error)

    def _sweep(self, now: int) -> None:
        self._next_sweep = self._clock.monotonic() + SWEEP_SECONDS
        dead = self._store.dead_owners()
        self._store.apply([Sweep(dead)], now)
        if dead:
            self._store.bury(dead)

    def _say_goodbye(self) -> None:
        try:
            if self._watching:
                mine = frozenset({self._store.owner})
                self._store.apply([Sweep(mine, 1_000_000)], self._clock.now())
        except QuotakeeperError as error:
            log.warning("quotakeeper: %s", error)
        finally:
            self._store.close()

    def _too_slow(self, ticket: Ticket) -> QuotakeeperError:
        problem = f"did not answer within {self._patience:g} s"
        if isinstance(ticket.command, Sweep | Watch) or ticket.question is not None:
            return LedgerUnavailableError(
                self._store.name, problem, "is another program holding it?"
            )
        return OutcomeUnknownError(self._store.name, problem, "ask again by the same id")


def _result(ticket: Ticket) -> Any:
    if ticket.error is not None:
        raise ticket.error
    return ticket.answer


_living: weakref.WeakSet[Worker] = weakref.WeakSet()


def _each(act: Callable[[Worker], None]) -> None:
    for worker in list(_living):
        act(worker)


def _in_child() -> None:
    _each(Worker.after_fork)


def _at_exit() -> None:
    _each(lambda worker: worker.close(_GOODBYE_SECONDS))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
atexit.register(_at_exit)
