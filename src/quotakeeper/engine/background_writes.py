"""Writes that no caller waits for: spooled calls, leases of the dead, sweeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

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

Apply = Callable[[LedgerWriter, Sequence[Command], int], Sequence[Outcomes]]


def plainly(store: LedgerWriter, commands: Sequence[Command], now: int) -> Sequence[Outcomes]:
    """Carry out commands as they are, and tell nobody."""
    return store.apply(commands, now)


class BackgroundWrites:
    """Carries out commands for all limits of a keeper, and tells its observers.

    Commands from a file name no limits. Without any they would cross no threshold, and a limit that
    they use up admits no call that could make good for it.
    """

    def __init__(self, limits: tuple[Limit, ...], observers: Observers) -> None:
        self._limits = limits
        self._observers = observers

    def apply(
        self, store: LedgerWriter, commands: Sequence[Command], now: int
    ) -> Sequence[Outcomes]:
        """Carry out a batch in one commit; see LedgerWriter."""
        outcomes = store.apply([self._limited(command) for command in commands], now)
        self._observers.tell_of(outcomes)
        return outcomes

    def _limited(self, command: Command) -> Command:
        if isinstance(command, Settle | Record | Assume | Correct | Sweep) and not command.limits:
            return replace(command, limits=self._limits)
        return command
