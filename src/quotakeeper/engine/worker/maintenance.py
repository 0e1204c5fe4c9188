"""What the worker does beside what it is asked for: spooled calls, leases, what the dead have left."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from quotakeeper.clocks import Clock
from quotakeeper.domain.ports import Store
from quotakeeper.engine.background_writes import Apply
from quotakeeper.engine.journals.replay import LeaseReplay
from quotakeeper.engine.journals.spool import Spool
from quotakeeper.engine.leases.recall import RecallSign
from quotakeeper.engine.observers import Observers
from quotakeeper.engine.worker.sweeper import end_holds, sweep
from quotakeeper.errors import LedgerError, QuotakeeperError

if TYPE_CHECKING:
    from quotakeeper.engine.leases.lease_table import LeaseTable

SWEEP_SECONDS = 30.0

log = logging.getLogger("quotakeeper")


class Maintenance:
    """All of it is done in the worker's thread, between two batches."""

    def __init__(
        self, clock: Clock, spool: Spool, replay: LeaseReplay, sign: RecallSign,
        leases: LeaseTable | None, observers: Observers, apply: Apply,
    ) -> None:  # fmt: skip
        self.leases = leases
        self.observers = observers
        self._apply = apply
        self.sign = sign
        self._clock = clock
        self._spool = spool
        self._replay = replay
        self._next_sweep = 0.0

    @property
    def rest_seconds(self) -> float:
        """For how long there may be nothing to do."""
        leases = self.leases
        return leases.tick_seconds if leases is not None and leases.active else SWEEP_SECONDS

    def after_fork(self, owner: str) -> None:
        """In a forked child."""
        self._next_sweep = 0.0
        self.observers.after_fork()
        if self.leases is not None:
            self.leases.after_fork(owner)

    def catch_up(self, store: Store, now: int) -> None:
        """Book what was spooled, now that the ledger answers."""
        if self._spool.waiting:
            try:
                self._spool.replay(lambda commands: self._apply(store, commands, now))
            except Exception as error:  # noqa: BLE001 - never the trouble of the calls of today
                log.warning("quotakeeper: spooled calls still wait: %s", error)

    def book(self, store: Store, now: int) -> None:
        """Book what has ended on a lease."""
        if self.leases is not None:
            _care(self.leases.drain, store, now)

    def keep(self, store: Store) -> None:
        """Whatever is due."""
        if self._clock.monotonic() >= self._next_sweep:
            try:
                self.sweep(store, self._clock.now())
            except QuotakeeperError as error:
                log.debug("quotakeeper: sweep put off: %s", error)
        self.tend(store)

    def tend(self, store: Store) -> None:
        """Look after the leases."""
        if self.leases is not None:
            _care(self.leases.tend, store, self._clock.now())

    def sweep(self, store: Store, now: int) -> None:
        """End what has expired, and what the dead have left."""
        self._next_sweep = self._clock.monotonic() + SWEEP_SECONDS
        self._spool.look()
        sweep(store, now, self._replay, self._apply)

    def leave(self, store: Store) -> None:
        """Book everything, end everything that is open."""
        self.catch_up(store, self._clock.now())
        if self.leases is not None:
            self.leases.close(store, self._clock.now())
        end_holds(store, frozenset({store.owner}), self._clock.now(), self._apply)


def _care(act: Callable[[Store, int], None], store: Store, now: int) -> None:
    try:
        act(store, now)
    except LedgerError as error:
        log.debug("quotakeeper: put off, for what was leased: %s", error)
