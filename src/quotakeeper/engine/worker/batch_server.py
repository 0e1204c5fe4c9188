"""Executes one batch in the worker: writes all commands in one commit, then answers the
questions."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from quotakeeper.domain.ledger.commands import Watch
from quotakeeper.domain.limits import Account
from quotakeeper.domain.ports import Store
from quotakeeper.engine.ledger_clock import LedgerClock
from quotakeeper.engine.resumable_thread import StopRequest
from quotakeeper.engine.worker.maintenance import Maintenance
from quotakeeper.engine.worker.work_items import WorkItem, fail, frees_room, wake
from quotakeeper.errors import QuotakeeperError
from quotakeeper.native_threads import Empty, SimpleQueue

MOST_IN_BATCH = 1_000

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
    with suppress(Empty):
        ticket = queue.get(timeout=rest_seconds)
        while isinstance(ticket, WorkItem):
            if ticket.open:
                batch.append(ticket)
            if len(batch) >= MOST_IN_BATCH:
                return batch, True
            ticket = queue.get_nowait()
        return batch, ticket if ticket is not None else False
    return batch, True


class BatchServer:
    """Executes batches. Only the worker's thread uses it, while it may use the store.

    - `store`: returns the store of this process. A fork during a batch replaces the store.
    - `give_back`: called with each result whose caller no longer waits.
    - `freed`: called after a batch that may have freed reserved amounts.
    """

    def __init__(
        self, store: Callable[[], Store], clock: LedgerClock, accounts: tuple[Account, ...],
        maintenance: Maintenance, give_back: Callable[[Any], None], freed: Callable[[], None],
    ) -> None:  # fmt: skip
        self._store = store
        self._clock = clock
        self._accounts = accounts
        self._maintenance = maintenance
        self._give_back = give_back
        self._freed = freed
        self.reset()

    def reset(self) -> None:
        """Reset the state in a forked child: the child has not opened the store yet."""
        self._watching = False
        self._well = True  # whether the last batch was written

    def serve(self, batch: list[WorkItem]) -> None:
        """Execute a batch. Every item gets an answer or an error."""
        try:
            if not self._watching:
                self._clock.begin(self._store())
            now = self._clock.now_for(self._store())
            self._watch(now)
        except QuotakeeperError as error:
            fail(batch, error)
            return
        writes = [ticket for ticket in batch if ticket.command is not None]
        if self._well or not writes:
            self._maintenance.catch_up(self._store(), now)
        if writes:
            self._well = self._write(writes, now)
        questions = [ticket for ticket in batch if ticket.question is not None]
        if questions:
            self._maintenance.book(self._store(), now)  # so that answers include ended calls
        for ticket in questions:
            _answer(self._store(), ticket, now)
        wake(questions)

    def keep(self) -> None:
        """Do the maintenance that is due. Does nothing before the first batch."""
        if self._watching:
            self._maintenance.keep(self._store())

    def _watch(self, now: int) -> None:
        if not self._watching:
            self._store().apply([Watch(self._accounts)], now)
            self._maintenance.sweep(self._store(), now)
            self._watching = True

    def _write(self, tickets: list[WorkItem], now: int) -> bool:
        commands = [ticket.command for ticket in tickets if ticket.command is not None]
        try:
            outcomes = self._store().apply(commands, now)
        except QuotakeeperError as error:
            fail(tickets, error)
            return False
        answered, unheard = [], []
        for ticket, outcome in zip(tickets, outcomes, strict=True):
            if not ticket.deliver(outcome):
                self._give_back(outcome)
                continue
            answered.append(ticket)
            if ticket.gone or not ticket.awaited:
                unheard.append(outcome)
        if unheard:
            self._maintenance.observers.tell_of(unheard)
        if frees_room(outcomes):
            self._freed()
        for ticket in wake(answered):
            self._give_back(ticket.answer)
        return True

    def leave(self) -> None:
        """Book all ended calls, end this process's open reservations, and close the store."""
        try:
            if self._watching:
                self._maintenance.leave(self._store())
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
            self._store().close()
        finally:
            self._maintenance.end()


def _answer(store: Store, ticket: WorkItem, now: int) -> None:
    assert ticket.question is not None
    try:
        ticket.deliver(ticket.question(store, now))
    except Exception as error:  # noqa: BLE001 - the thread must continue; the caller gets the error
        ticket.deliver(None, error)
