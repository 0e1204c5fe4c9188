"""Executes one batch in the worker: writes all commands in one commit, then answers the
questions."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Protocol

from quotakeeper.domain.ledger.commands import (
    Command,
    Denied,
    Draw,
    Failed,
    Outcomes,
    Reserve,
    Reserved,
    Watch,
    Watched,
)
from quotakeeper.domain.limits import Account
from quotakeeper.domain.ports import Store
from quotakeeper.engine.ledger_clock import LedgerClock
from quotakeeper.engine.resumable_thread import StopRequest
from quotakeeper.engine.worker.maintenance import Maintenance
from quotakeeper.engine.worker.work_items import WorkItem, fail, wake
from quotakeeper.errors import QuotakeeperError
from quotakeeper.native_threads import Empty, SimpleQueue
from quotakeeper.value_classes import replace

MOST_IN_BATCH = 1_000
_TAKING = (Reserved, Denied, Failed, Watched)  # outcomes that make no room

log = logging.getLogger("quotakeeper.engine")


def next_batch(
    queue: SimpleQueue[WorkItem | StopRequest | None], rest_seconds: float
) -> tuple[list[WorkItem], StopRequest | bool]:
    """Return the waiting items, and what the worker does after them.

    - True: the worker continues.
    - False: the worker ends for ever.
    - A StopRequest: the worker stops until it is needed again.

    Waits at most `rest_seconds` for the first item.
    """
    batch: list[WorkItem] = []
    try:
        ticket = queue.get(timeout=rest_seconds)
        while isinstance(ticket, WorkItem):
            if ticket.claims:
                batch.append(ticket)
            if len(batch) >= MOST_IN_BATCH:
                return batch, True
            ticket = queue.get_nowait()
    except Empty:
        return batch, True
    return batch, ticket if ticket is not None else False


class BatchOwner(Protocol):
    """The parts of the worker that this module uses.

    `freed` is called after a batch that may have freed reserved amounts.
    """

    store: Store
    freed: Callable[[], None]


class BatchServer:
    """Executes batches. Only the worker's thread uses it, while it may use the store.

    - `owner`: the worker, which has the store of this process. A fork during a batch replaces the
      store, so it is read from there each time.
    - `give_back`: called with each result whose caller no longer waits.
    """

    def __init__(
        self, owner: BatchOwner, clock: LedgerClock, accounts: tuple[Account, ...],
        maintenance: Maintenance, give_back: Callable[[Any], None],
    ) -> None:  # fmt: skip
        self._owner = owner
        self._clock = clock
        self._accounts = accounts
        self._maintenance = maintenance
        self._give_back = give_back
        self._former_owners: set[str] = set()
        self.reset()

    def reset(self, former_owner: str = "") -> None:
        """Reset the state in a forked child: the child has not opened the store yet.

        `former_owner` is the owner name of the store before; "" if there was none.
        """
        if former_owner:
            self._former_owners.add(former_owner)
        self.watching = False  # whether the first batch was executed
        self._well = True  # whether the last batch was written

    def serve(self, batch: list[WorkItem]) -> None:
        """Execute a batch. Every item gets an answer or an error."""
        try:
            if not self.watching:
                self._clock.begin(self._owner.store)
            now = self._clock.now_for(self._owner.store)
            if not self.watching:
                self._watch(now)
        except QuotakeeperError as error:
            fail(batch, error)
            return
        # Plain loops here and in `_write`, because every call runs them.
        writes: list[WorkItem] = []
        commands: list[Command] = []
        questions: list[WorkItem] = []
        for ticket in batch:
            if ticket.command is None:
                questions.append(ticket)
            else:
                writes.append(ticket)
                commands.append(ticket.command)
        if self._former_owners:
            commands = [self._under_this_name(command) for command in commands]
        spool = self._maintenance.spool
        if (spool.in_files or spool.in_memory) and (self._well or not writes):
            self._maintenance.catch_up(self._owner.store, now)
        if writes:
            self._well = self._write(writes, commands, now)
        if questions:
            self._answer_all(questions, now)

    def _under_this_name(self, command: Command) -> Command:
        # A thread built the command before the process got another owner name. No file shows that the
        # former owner has ended, so the reservation would stay open until it expires.
        if isinstance(command, Reserve | Draw) and command.owner in self._former_owners:
            return replace(command, owner=self._owner.store.owner)
        return command

    def _watch(self, now: int) -> None:
        self._owner.store.apply([Watch(self._accounts)], now)
        self._maintenance.sweep(self._owner.store, now)
        self.watching = True

    def _write(self, tickets: list[WorkItem], commands: list[Command], now: int) -> bool:
        try:
            outcomes = self._owner.store.apply(commands, now)
        except QuotakeeperError as error:
            fail(tickets, error)
            return False
        frees_room = False
        on_loops: list[WorkItem] = []
        unheard: list[Outcomes] = []
        for ticket, outcome in zip(tickets, outcomes, strict=True):
            frees_room = frees_room or not isinstance(outcome, _TAKING)
            if not ticket.deliver(outcome):
                self._give_back(outcome)
                continue
            if ticket.future is not None:
                on_loops.append(ticket)
            if ticket.gone or not ticket.awaited:
                unheard.append(outcome)
        if unheard:
            self._maintenance.observers.tell_of(unheard)
        if frees_room:
            self._owner.freed()
        if on_loops:
            for ticket in wake(on_loops):
                self._give_back(ticket.answer)
        return True

    def _answer_all(self, questions: list[WorkItem], now: int) -> None:
        self._maintenance.book(self._owner.store, now)  # so that answers include ended calls
        for ticket in questions:
            _answer(self._owner.store, ticket, now)
        wake(questions)

    def leave(self) -> None:
        """Book all ended calls, end this process's open reservations, and close the store."""
        try:
            if self.watching:
                self._maintenance.leave(self._owner.store)
        except Exception as error:  # noqa: BLE001 - the store must be closed after any error
            log.warning("quotakeeper: the ledger was not closed properly: %s", error)
        finally:
            try:
                self.close()
            finally:
                self._maintenance.observers.end()

    def close(self) -> None:
        """Close the store, then log the calls that could not be stored anywhere."""
        try:
            self._owner.store.close()
        finally:
            self._maintenance.end()


def _answer(store: Store, ticket: WorkItem, now: int) -> None:
    assert ticket.question is not None
    try:
        ticket.deliver(ticket.question(store, now))
    except Exception as error:  # noqa: BLE001 - the thread must continue; the caller gets the error
        ticket.deliver(None, error)
