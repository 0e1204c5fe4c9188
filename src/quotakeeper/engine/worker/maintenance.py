"""The worker's tasks that no caller requests: spooled calls, leases, reservations of ended
processes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from typing import Protocol

from quotakeeper.domain.ports import LedgerWriter, Store
from quotakeeper.engine.background_writes import Apply
from quotakeeper.engine.journals.ended_calls import EndedCalls
from quotakeeper.engine.journals.replay import LeaseReplay
from quotakeeper.engine.journals.spool import Spool
from quotakeeper.engine.ledger_clock import LedgerClock
from quotakeeper.engine.observers import Observers
from quotakeeper.engine.seen_quotas import SeenQuotas
from quotakeeper.engine.worker.sweeper import GiveBack, end_holds, sweep
from quotakeeper.errors import LedgerError, QuotakeeperError

SWEEP_SECONDS = 30.0
SEEN_EVERY_SECONDS = 5.0  # a process that the ledger does not hear from longer may seem ended

log = logging.getLogger("quotakeeper.engine")


class LeaseUpkeep(Protocol):
    """The work that the worker does for the leases of this process; see LeaseTable."""

    tick_seconds: float

    @property
    def active(self) -> bool:
        """Whether the worker must run every `tick_seconds`, because leases need work."""

    def drain(self, store: LedgerWriter, now: int) -> None:
        """Book the calls on leases that have ended."""

    def tend(self, store: Store, now: int) -> None:
        """Do the periodic work for the leases, if it is due."""

    def give_back_overdue(self, ids: Collection[str], store: LedgerWriter, now: int) -> None:
        """Release the leases with these ids."""

    def after_fork(self, owner: str) -> None:
        """Drop all leases in a forked child, because they belong to the parent."""

    def close(self, store: Store, now: int) -> None:
        """Book all calls on leases and release all leases."""


class Maintenance:
    """The tasks that no caller requests. The worker's thread does them between two batches.

    `leases` is None in a process without leases; it then rests at most `idle_seconds`.
    """

    def __init__(  # noqa: PLR0913 - each does a part of the maintenance
        self, clock: LedgerClock, spool: Spool, replay: LeaseReplay, leases: LeaseUpkeep | None,
        observers: Observers, apply: Apply, quotas: SeenQuotas, ended: EndedCalls, *,
        idle_seconds: float = SWEEP_SECONDS,
    ) -> None:  # fmt: skip
        self.idle_seconds = idle_seconds
        self.observers = observers
        self._quotas = quotas
        self._apply = apply
        self.leases = leases
        self._clock = clock
        self.spool = spool
        self._replay = replay
        self._ended = ended
        self._next_sweep = 0.0

    @property
    def rest_seconds(self) -> float:
        """How long the worker may wait for the next item before maintenance is due, in seconds."""
        leases = self.leases
        return leases.tick_seconds if leases is not None and leases.active else self.idle_seconds

    @property
    def is_busy(self) -> bool:
        """Whether leases need the worker again very soon, so that it must not wait long."""
        return self.leases is not None and self.leases.active

    def after_fork(self, owner: str) -> None:
        """Drop all calls, notes, quotas and leases of the parent in a forked child."""
        self._next_sweep = 0.0
        self.spool.after_fork()
        self._quotas.after_fork()
        self._ended.after_fork(owner)
        if self.leases is not None:
            self.leases.after_fork(owner)

    @property
    def _give_back(self) -> GiveBack | None:
        return None if self.leases is None else self.leases.give_back_overdue

    def catch_up(self, store: LedgerWriter, now: int) -> None:
        """Book the spooled calls, if there are any. Logs all errors."""
        if self.spool.waiting:
            try:
                self.spool.replay(lambda commands: self._apply(store, commands, now))
            except Exception as error:  # noqa: BLE001 - must not fail new calls
                log.warning("quotakeeper: spooled calls are not in the ledger yet: %s", error)

    def book(self, store: LedgerWriter, now: int) -> None:
        """Book the calls on leases that have ended. Logs a LedgerError."""
        if self.leases is not None:
            _care(self.leases.drain, store, now)

    def keep(self, store: Store) -> None:
        """Do all maintenance that is due: sweep, leases, and provider quotas."""
        if self._clock.monotonic() >= self._next_sweep:
            try:
                self.sweep(store, self._clock.now())
            except QuotakeeperError as error:
                log.debug("quotakeeper: sweep postponed: %s", error)
        if self.leases is not None:
            self.tend(store)
        if store.hears_processes:
            try:
                store.keep_alive(self._clock.now())
            except LedgerError as error:
                log.debug("quotakeeper: the ledger does not hear from this process: %s", error)
        if self._quotas.has_news:
            self._quotas.keep(store, self._clock.now())

    def tend(self, store: Store) -> None:
        """Do the work that is due for the leases. Logs a LedgerError."""
        leases = self.leases
        if leases is not None:
            _care(lambda _, now: leases.tend(store, now), store, self._clock.now())

    def sweep(self, store: Store, now: int) -> None:
        """End expired reservations, and the reservations of ended processes. Raises LedgerError."""
        self._next_sweep = self._clock.monotonic() + SWEEP_SECONDS
        self._clock.begin(store)  # another process may have repaired or accepted a clock
        self.spool.look()
        self.catch_up(store, now)  # before the notes, which may be older
        sweep(store, now, self._replay, self._apply, self._give_back, self._ended)

    def leave(self, store: Store) -> None:
        """Book all calls, and end all open reservations of this process. Called before the store is
        closed."""
        self.catch_up(store, self._clock.now())
        if self.leases is not None:
            self.leases.close(store, self._clock.now())
        self._quotas.keep(store, self._clock.now(), last=True)
        self._ended.close(store, self._clock.now())
        owner, now = frozenset({store.owner}), self._clock.now()
        end_holds(store, owner, now, self._replay, self._apply, self._give_back)

    def end(self) -> None:
        """Log the calls that could not be stored anywhere. Call this last."""
        self.spool.end()


def _care(act: Callable[[LedgerWriter, int], None], store: LedgerWriter, now: int) -> None:
    try:
        act(store, now)
    except LedgerError as error:
        log.debug("quotakeeper: the maintenance of leases is postponed: %s", error)
