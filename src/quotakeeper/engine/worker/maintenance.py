"""What the worker does beside what it is asked for: spooled calls, leases, what the dead have left."""

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

log = logging.getLogger("quotakeeper.engine")


class LeaseUpkeep(Protocol):
    """What the worker does for the leases of its process; see LeaseTable."""

    tick_seconds: float

    @property
    def active(self) -> bool:
        """Whether there is something to look after before long."""

    def drain(self, store: LedgerWriter, now: int) -> None:
        """Book the calls that have ended."""

    def tend(self, store: LedgerWriter, now: int) -> None:
        """Do what is due."""

    def give_back_overdue(self, ids: Collection[str], store: LedgerWriter, now: int) -> None:
        """Give back leases, by their ids."""

    def after_fork(self, owner: str) -> None:
        """In a forked child: there is no lease."""

    def close(self, store: LedgerWriter, now: int) -> None:
        """Book everything, give everything back."""


class Maintenance:
    """All of it is done in the worker's thread, between two batches."""

    def __init__(  # noqa: PLR0913 - each does a part of the upkeep
        self, clock: LedgerClock, spool: Spool, replay: LeaseReplay, leases: LeaseUpkeep | None,
        observers: Observers, apply: Apply, quotas: SeenQuotas, ended: EndedCalls,
    ) -> None:  # fmt: skip
        self.observers = observers
        self._quotas = quotas
        self._apply = apply
        self._leases = leases
        self._clock = clock
        self._spool = spool
        self._replay = replay
        self._ended = ended
        self._next_sweep = 0.0

    @property
    def rest_seconds(self) -> float:
        """For how long there may be nothing to do."""
        return self._leases.tick_seconds if self._leases and self.is_busy else SWEEP_SECONDS

    @property
    def is_busy(self) -> bool:
        """Whether something has to be looked after before long."""
        return self._leases is not None and self._leases.active

    def after_fork(self, owner: str) -> None:
        """In a forked child."""
        self._next_sweep = 0.0
        self._spool.after_fork()
        self._quotas.after_fork()
        self._ended.after_fork(owner)
        if self._leases is not None:
            self._leases.after_fork(owner)

    @property
    def _give_back(self) -> GiveBack | None:
        return None if self._leases is None else self._leases.give_back_overdue

    def catch_up(self, store: LedgerWriter, now: int) -> None:
        """Book what was spooled, now that the ledger answers."""
        if self._spool.waiting:
            try:
                self._spool.replay(lambda commands: self._apply(store, commands, now))
            except Exception as error:  # noqa: BLE001 - never the trouble of the calls of today
                log.warning("quotakeeper: spooled calls still wait: %s", error)

    def book(self, store: LedgerWriter, now: int) -> None:
        """Book what has ended on a lease."""
        if self._leases is not None:
            _care(self._leases.drain, store, now)

    def keep(self, store: Store) -> None:
        """Whatever is due."""
        if self._clock.monotonic() >= self._next_sweep:
            try:
                self.sweep(store, self._clock.now())
            except QuotakeeperError as error:
                log.debug("quotakeeper: sweep put off: %s", error)
        self.tend(store)
        self._quotas.keep(store, self._clock.now())

    def tend(self, store: LedgerWriter) -> None:
        """Look after the leases."""
        if self._leases is not None:
            _care(self._leases.tend, store, self._clock.now())

    def sweep(self, store: Store, now: int) -> None:
        """End what has expired, and what the dead have left."""
        self._next_sweep = self._clock.monotonic() + SWEEP_SECONDS
        self._clock.begin(store)  # another process may have repaired or accepted a clock
        self._spool.look()
        sweep(store, now, self._replay, self._apply, self._give_back, self._ended)

    def leave(self, store: Store) -> None:
        """Book everything, end everything that is open."""
        self.catch_up(store, self._clock.now())
        if self._leases is not None:
            self._leases.close(store, self._clock.now())
        self._quotas.keep(store, self._clock.now(), last=True)
        self._ended.close(store, self._clock.now())
        owner, now = frozenset({store.owner}), self._clock.now()
        end_holds(store, owner, now, self._replay, self._apply, self._give_back)

    def end(self) -> None:
        """Say what could be kept nowhere, after everything else; whether the ledger answered or not."""
        self._spool.end()


def _care(act: Callable[[LedgerWriter, int], None], store: LedgerWriter, now: int) -> None:
    try:
        act(store, now)
    except LedgerError as error:
        log.debug("quotakeeper: put off, for what was leased: %s", error)
