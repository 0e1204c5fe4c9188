"""The parts that a keeper, its admitters and its reservations share."""

from __future__ import annotations

from dataclasses import dataclass
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


class Recalls(Protocol):
    """What is done before a refusal stands."""

    def call_back_all(self, store: Store, now: int) -> bool:
        """In the worker: call back what every process has leased; whether others may hold any."""

    def ask_again(self, command: Reserve | Grow, denied: Denied) -> Steps[Any]:
        """The last outcome of a command that was denied: of asking again where that may help."""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class EngineParts:
    """What every path through the engine uses. While somebody holds it the worker goes on."""

    clock: Clock  # of the machine; for what is written to the ledger, `ledger_clock`
    ledger_clock: LedgerClock
    commands: CommandBuilder
    worker: Worker
    outcomes: OutcomeReader
    failure: StoreFailurePolicy
    recalls: Recalls
    room: Room
    ended: EndedCalls
