"""The parts that a keeper, its admitters and its reservations share."""

from __future__ import annotations

from typing import Any, Protocol

from quotakeeper.clocks import Clock
from quotakeeper.domain.ledger.commands import Denied, Grow, Reserve
from quotakeeper.domain.ports import Store
from quotakeeper.engine.command_builder import CommandBuilder
from quotakeeper.engine.journals.ended_calls import EndedCalls
from quotakeeper.engine.ledger_clock import LedgerClock
from quotakeeper.engine.outcomes import OutcomeReader
from quotakeeper.engine.room import Room
from quotakeeper.engine.store_failure import StoreFailurePolicy
from quotakeeper.engine.worker.steps import Steps
from quotakeeper.engine.worker.thread import Worker
from quotakeeper.value_classes import dataclass


class Recalls(Protocol):
    """Recalls the leases of all processes before a refusal is final."""

    def call_back_all(self, store: Store, now: int) -> bool:
        """Recall the leases of every process. Returns whether another process may have leases.

        Called in the worker.
        """

    def ask_again(self, command: Reserve | Grow, denied: Denied) -> Steps[Any]:
        """Recall leases and repeat a denied command, as long as this may help. Returns the last
        outcome."""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class EngineParts:
    """The shared parts of an engine. The worker thread ends after this object is deleted."""

    clock: Clock  # the machine's clock; entries use `ledger_clock`
    ledger_clock: LedgerClock
    commands: CommandBuilder
    worker: Worker
    outcomes: OutcomeReader
    failure: StoreFailurePolicy
    recalls: Recalls
    room: Room
    ended: EndedCalls
