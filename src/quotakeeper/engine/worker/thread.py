"""The worker: the one thread of a process that owns the store.

It commits all waiting commands as one batch (group commit), so throughput rises with load. A thread
waits for its answer on a lock, and a coroutine on a future. Neither waits for the disk.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from quotakeeper.clocks import SystemClock
from quotakeeper.domain.ledger.commands import Command, Release, Reserved
from quotakeeper.domain.limits import Account
from quotakeeper.domain.ports import Store
from quotakeeper.engine.ledger_clock import LedgerClock
from quotakeeper.engine.resumable_thread import ResumableThread, StopRequest
from quotakeeper.engine.worker.awaiting import until_answered
from quotakeeper.engine.worker.batch_server import BatchServer, next_batch
from quotakeeper.engine.worker.errors import too_slow, unforeseen
from quotakeeper.engine.worker.maintenance import Maintenance
from quotakeeper.engine.worker.process_lifecycle import FairLock, lifecycle
from quotakeeper.engine.worker.work_items import Question, WorkItem, answers_of, fail
from quotakeeper.errors import LedgerError, LedgerUnavailableError
from quotakeeper.native_threads import RLock, SimpleQueue

PATIENCE_SECONDS = 15.0
_BRIEFLY_SECONDS = 0.2  # the longest that a fork waits for observers if the ledger does not answer

log = logging.getLogger("quotakeeper.engine")
_clock = SystemClock()  # for measuring waits, also if the ledger uses a fake clock


class Worker:
    """Owns a store, and executes commands and questions in its thread.

    The thread starts with the first work item. It ends before a fork; parent and child each start a
    thread again. `patience` is how long a caller waits for an answer, in seconds.
    """

    def __init__(
        self, store: Store, clock: LedgerClock, accounts: tuple[Account, ...], upkeep: Maintenance
    ) -> None:
        self.patience = PATIENCE_SECONDS
        self.freed: Callable[[], None] = lambda: None  # called when there may be room again
        self.maintenance = upkeep
        self.store = store  # use it directly only for reads that open their own connections
        self.owner = store.owner  # the owner name that this process writes into its reservations
        self._batches = BatchServer(self, clock, accounts, upkeep, self._give_back)
        self._closed = self._process_ends = False
        self._reset()
        lifecycle.join(self)

    def _reset(self) -> None:
        self._queue: SimpleQueue[WorkItem | StopRequest | None] = SimpleQueue()
        self._thread = ResumableThread("quotakeeper")
        # Reentrant, because a finalizer may close a keeper while its own thread holds the lock.
        self._gate = RLock()
        self._turn = FairLock()  # held while the store is used
        self._still = False  # whether a fork under way holds `_turn`
        self._left = False  # whether the worker has finished, for ever

    # -- for threads

    def carry_out(self, command: Command) -> Any:
        """Execute a command durably, and return its outcome. Blocks this thread."""
        ticket = WorkItem(command, awaited=True)
        self._put(ticket)
        try:  # as `_answered`, without calls, because every call of a thread comes here
            in_time = ticket.done.acquire(timeout=self.patience)
        except BaseException:
            self._leave(ticket)
            raise
        return ticket.answer if in_time and not ticket.error else self._late(ticket, in_time)

    def carry_out_all(self, commands: Sequence[Command]) -> list[Any]:
        """Execute commands in order, in as few commits as possible. Blocks this thread.

        Returns an outcome or an error for each command.
        """
        tickets = [WorkItem(command) for command in commands]
        for ticket in tickets:
            ticket.expect()
        try:
            self._put(*tickets)
        except LedgerError as error:
            return [error] * len(tickets)
        return answers_of(tickets, self._answered)

    def ask(self, question: Question) -> Any:
        """Run a question between two batches, and return its answer. Blocks this thread."""
        ticket = WorkItem(question=question)
        ticket.expect()
        self._put(ticket)
        return self._answered(ticket)

    def post(self, command: Command) -> None:
        """Add a command to the queue without waiting for its outcome. Safe in a finalizer.

        Does nothing if the worker was never used or is closed.
        """
        if self._thread.used and not self._closed:
            self._hand_over(WorkItem(command))

    def _answered(self, ticket: WorkItem) -> Any:
        try:
            in_time = ticket.wait(self.patience)
        except BaseException:  # a signal: Ctrl-C interrupts the main thread here
            self._leave(ticket)
            raise
        return self._late(ticket, in_time)

    def _late(self, ticket: WorkItem, in_time: bool) -> Any:
        if not in_time and ticket.withdraw():
            raise too_slow(self.store.name, self.patience, ticket.command)
        return ticket.result()

    # -- for coroutines

    def acarry_out(self, command: Command) -> Coroutine[Any, Any, Any]:
        """Awaitable form of `carry_out`."""
        return self._awaited(WorkItem(command))

    def aask(self, question: Question) -> Coroutine[Any, Any, Any]:
        """Awaitable form of `ask`."""
        return self._awaited(WorkItem(question=question))

    async def _awaited(self, ticket: WorkItem) -> Any:
        if not await until_answered(ticket, self._put, self._leave, self.patience):
            raise too_slow(self.store.name, self.patience, ticket.command)
        return ticket.result()

    # -- life

    def close(self, seconds: float | None = None) -> None:
        """Finish all items, end open reservations, close the store. Waits at most `seconds`; if
        None, at most `patience`."""
        with self._gate:
            if not self._closed and self._thread.used:
                self._queue.put(None)
            self._closed = True
        self.freed()  # wake calls that wait for room, because there will be none
        if not self._thread.used:
            self._batches.close()
        elif seconds == 0:  # called by a finalizer, which must not wait
            self._resume()
        elif not self._finished(self.patience if seconds is None else seconds) and seconds is None:
            log.warning("quotakeeper: ledger %s is busy; it was not closed", self.store.name)
        if seconds != 0:
            self.maintenance.observers.close(self.patience if seconds is None else seconds)

    def leave_process(self, seconds: float) -> None:
        """Close the worker at the end of the process. Later calls still work."""
        self._process_ends = not self._closed
        self.close(seconds)

    def _open_again(self) -> None:
        if not self._process_ends:
            raise LedgerUnavailableError(
                self.store.name, "this keeper was closed", "open a new one"
            )
        if self._thread.used and not (self._finished(self.patience) and self._left):
            raise too_slow(self.store.name, self.patience, None)
        self.after_fork()  # start like a new process: nothing ends open reservations after this
        self._closed = False

    def _finished(self, seconds: float) -> bool:
        """Wait for the end of all work. Returns False if this takes longer than `seconds`."""
        until = _clock.monotonic() + seconds
        while not (self._left or self._thread.is_current):
            try:
                self._thread.start(self._run)
            except RuntimeError:  # the interpreter is shutting down
                self._run()
            if not self._thread.ended(until - _clock.monotonic()):
                return False
            if self._thread.running:  # the run has ended, so the thread has finished
                break
        return True

    def before_fork(self) -> None:
        """End the batch and the thread, and close the store's handles. Waits at most `patience`."""
        if self._still:  # a signal handler forks during a fork
            return
        until = _clock.monotonic() + self.patience
        if not self._left:
            self._thread.stop(self._queue.put, self.patience)
        # If the worker thread itself forks, no other thread can end the batch.
        seconds = 0.0 if self._thread.is_current else until - _clock.monotonic()
        self._still = self._turn.wait(max(0.0, seconds))
        if self._still:
            self.store.before_fork()
        # An observer that reads the ledger now gets no answer.
        self.maintenance.observers.rest(_BRIEFLY_SECONDS)

    def after_fork_in_parent(self) -> None:
        """Continue in the parent. The store is opened again on next use."""
        if self._still:
            self._still = False
            self._turn.end()
        if self._thread.used and (self.maintenance.is_busy or not self._queue.empty()):
            self._resume()

    def _resume(self) -> None:
        if not (self._left or self._thread.running):
            self._thread.start_later(self._run)

    def after_fork(self) -> None:
        """Replace the parent's thread, queue and handles in a forked child."""
        try:
            self.store = self.store.after_fork()
        finally:
            self._reset()
            self._batches.reset(self.owner)
            self.owner = self.store.owner
            self.maintenance.after_fork(self.owner)

    def _put(self, *tickets: WorkItem) -> None:
        try:
            with self._gate:
                if self._closed:
                    self._open_again()
                # Queue first: if a fork stops the thread in between, the items restart it.
                for ticket in tickets:
                    self._queue.put(ticket)
                try:
                    if not self._thread.runs:
                        self._thread.start(self._run)
                except RuntimeError as error:  # too many threads, or the interpreter shuts down
                    self._do_without_thread(tickets, error)
        except BaseException:
            for ticket in tickets:
                self._leave(ticket)
            raise

    def _do_without_thread(self, tickets: Sequence[WorkItem], error: RuntimeError) -> None:
        # After a fork or at exit, Python 3.12 may start no new thread. An isolated sub-interpreter
        # never can: "thread is not supported for isolated subinterpreters".
        if self._thread.used or self._process_ends or "interpreter" in str(error):
            self._thread.used = True
            while not self._queue.empty():
                self._work_off(next_batch(self._queue, 0.0)[0])  # another thread may be faster
            return
        for ticket in tickets:
            ticket.claim()  # else a later start would execute it
        raise LedgerUnavailableError(self.store.name, f"needs a thread: {error}") from error

    def _hand_over(self, ticket: WorkItem) -> None:
        self._queue.put(ticket)
        self._resume()

    # -- in the thread

    def _run(self) -> bool:
        """Execute batches. Returns False at the end, and True if a fork stops the thread."""
        queue = self._queue
        while True:
            upkeep = self.maintenance
            rest = upkeep.idle_seconds if upkeep.leases is None else upkeep.rest_seconds
            batch, last = next_batch(self._queue, rest)
            if self._queue is not queue:  # a finalizer forked here, and this is the child
                return False
            if batch or not isinstance(last, StopRequest):
                self._work_off(batch)
            if last is False:
                with self._turn:
                    try:
                        self._batches.leave()
                    finally:
                        self._left = True
                return False
            if isinstance(last, StopRequest) and last.claim():
                return True

    def _work_off(self, batch: list[WorkItem]) -> None:
        # As `with turn`, without its two calls, because every batch comes here.
        turn = self._turn
        with turn.turnstile:
            turn.using.acquire()
        try:
            self._batches.serve(batch)
            if self._batches.watching:
                self.maintenance.keep(self.store)
        except Exception as error:
            log.exception("quotakeeper: a batch failed")
            fail(batch, unforeseen(self.store.name, error))
        finally:
            turn.using.release()

    # -- who no longer waits

    def _leave(self, ticket: WorkItem) -> None:
        if not ticket.withdraw():
            self._give_back(ticket.answer)

    def _give_back(self, outcome: Any) -> None:
        if isinstance(outcome, Reserved) and not outcome.replay:
            self._hand_over(WorkItem(Release(outcome.hold.id)))
