"""The parts that a keeper, its admitters and its reservations share."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from quotakeeper.clocks import Clock
from quotakeeper.domain.ledger.commands import Grow, Reserve
from quotakeeper.engine.command_builder import CommandBuilder
from quotakeeper.engine.outcomes import OutcomeReader
from quotakeeper.engine.store_failure import StoreFailurePolicy
from quotakeeper.engine.worker.steps import Steps, arun, run
from quotakeeper.engine.worker.thread import Worker

T = TypeVar("T")


class Capacity(Protocol):
    """Sets capacity aside in the ledger."""

    def ask_for(self, command: Reserve | Grow) -> Steps[Any]:
        """The outcome, once a refusal, if it is one, stands."""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class EngineParts:
    """What every path through the engine uses. While somebody holds it the worker goes on."""

    clock: Clock
    commands: CommandBuilder
    worker: Worker
    outcomes: OutcomeReader
    failure: StoreFailurePolicy
    capacity: Capacity

    def run(self, steps: Steps[T]) -> T:
        """Carry out steps in this thread."""
        return run(self.worker, steps)

    def arun(self, steps: Steps[T]) -> Coroutine[Any, Any, T]:
        """Carry out steps on the event loop."""
        return arun(self.worker, steps)
