"""Writes that no caller waits for: spooled calls, leases of ended processes, sweeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from quotakeeper.domain.ledger.commands import (
    Assume,
    Command,
    Correct,
    Outcomes,
    Record,
    Settle,
    Sweep,
)
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.ports import LedgerWriter
from quotakeeper.engine.observers import Observers
from quotakeeper.value_classes import replace

Apply = Callable[[LedgerWriter, Sequence[Command], int], Sequence[Outcomes]]


def plainly(store: LedgerWriter, commands: Sequence[Command], now: int) -> Sequence[Outcomes]:
    """Execute commands unchanged. Does not pass the outcomes to observers."""
    return store.apply(commands, now)


class BackgroundWrites:
    """Executes commands for all limits of a keeper, and passes the outcomes to its observers.

    Some commands contain no limits, for example those from the spool. They would cross no
    threshold, so this class adds the keeper's limits to them.
    """

    def __init__(self, limits: tuple[Limit, ...], observers: Observers) -> None:
        self.limits = limits
        self._observers = observers

    def apply(
        self, store: LedgerWriter, commands: Sequence[Command], now: int
    ) -> Sequence[Outcomes]:
        """Execute a batch in one commit and pass the outcomes to the observers; see
        LedgerWriter."""
        outcomes = store.apply([self._limited(command) for command in commands], now)
        self._observers.tell_of(outcomes)
        return outcomes

    def _limited(self, command: Command) -> Command:
        if isinstance(command, Settle | Record | Assume | Correct | Sweep) and not command.limits:
            return replace(command, limits=self.limits)
        return command
