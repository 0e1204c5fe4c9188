"""Recalls leases that other processes have in a limit, before this limit refuses a call.

The process of the call gives a sign. Processes that have leases notice it within a moment and
release the unused parts. Beside a ledger file, the sign is the time of the file `<ledger>.recall`.
On a server, it is a number that every commit returns.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from quotakeeper.clocks import Clock
from quotakeeper.domain.ledger.commands import Denied, Grow, Reserve
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.ports import Store
from quotakeeper.domain.windows import Window
from quotakeeper.engine.worker.steps import AskWorker, Pause, Steps
from quotakeeper.file_safety import open_ours

_PATIENCE_SECONDS = 2.0
_PAUSE_SECONDS = 0.02
_SIGN_EVERY_SECONDS = 0.2
_LOOKED_EVERY_MS = 200
_MOST_ROUNDS = 200
EVERY_CALL = Limit("every call", "requests", Window("day"), 0)


class RecallSign(Protocol):
    """The sign that leases are recalled."""

    def begin(self, store: Store, now: int) -> None:
        """Prepare the sign before the first lease of this process. Earlier recalls are ignored."""

    @property
    def is_there(self) -> bool:
        """Whether other processes may have leases."""

    def seen(self, store: Store, now: int) -> bool:
        """Whether leases were recalled since this method was last called."""

    def give(self, store: Store) -> None:
        """Make other processes release the unused parts of their leases."""


class RecallNumber:
    """The sign of a ledger on a server: a number in the ledger, which every answer returns.

    Without a commit of this process, the number is read some times a second. If other processes
    counted this process as ended, this is a sign too.
    """

    is_there = True

    def __init__(self) -> None:
        self._seen = 0

    def begin(self, store: Store, now: int) -> None:
        """Ignore earlier recalls."""
        self._seen = store.recalls(_LOOKED_EVERY_MS, now)

    def seen(self, store: Store, now: int) -> bool:
        """Whether leases were recalled since this method was last called. Raises LedgerError."""
        before, self._seen = self._seen, store.recalls(_LOOKED_EVERY_MS, now)
        return self._seen != before

    def give(self, store: Store) -> None:
        """Make other processes release the unused parts of their leases. Raises LedgerError."""
        store.recall()


class RecallFile:
    """A file whose modification time says when leases were last recalled.

    The file is created before the first lease. A ledger in memory has no such file.
    """

    def __init__(self, ledger: Path | None) -> None:
        self._ledger = ledger
        self._path = ledger and ledger.with_name(f"{ledger.name}.recall")
        self._seen = 0

    def begin(self, store: Store, now: int) -> None:
        """Create the file before the first lease of this process. Earlier recalls are ignored."""
        if self._path is not None and not self._changed_at():
            with suppress(OSError):
                os.close(open_ours(self._path, os.O_WRONLY | os.O_CREAT, self._ledger))
        self._seen = self._changed_at()

    @property
    def is_there(self) -> bool:
        """Whether the file exists, so that other processes may have leases."""
        return bool(self._changed_at())

    def seen(self, store: Store, now: int) -> bool:
        """Whether leases were recalled since this method was last called."""
        changed_at = self._changed_at()
        before, self._seen = self._seen, changed_at
        return changed_at != before

    def give(self, store: Store) -> None:
        """Make other processes release the unused parts of their leases."""
        if self._path is not None:
            with suppress(OSError):
                os.utime(self._path)

    def _changed_at(self) -> int:
        if self._path is None:
            return 0
        try:
            return os.stat(self._path).st_mtime_ns
        except OSError:
            return 0


class OwnLeases(Protocol):
    """The method of this process's leases that a recall uses."""

    def give_back_for(self, limits: Sequence[Limit], store: Store, now: int) -> bool:
        """Release the leases that count in one of these limits. Returns whether there were any."""


class LeaseRecall:
    """Recalls the leases of this process and of others before a refusal is final."""

    def __init__(
        self,
        clock: Clock,
        sign: RecallSign,
        leases: OwnLeases | None,
        sweep: Callable[[Store, int], None],
    ) -> None:
        self.clock = clock
        self.sign = sign
        self.leases = leases
        self.sweep = sweep

    def call_back_all(self, store: Store, now: int) -> bool:
        """Recall every lease, because calls were paused. Called in the worker.

        Returns whether other processes may have leases.
        """
        if self.leases is not None:
            self.leases.give_back_for((EVERY_CALL,), store, now)
        self.sign.give(store)
        return self.sign.is_there

    def ask_again(self, command: Reserve | Grow, denied: Denied) -> Steps[Any]:
        """Repeat a denied command as long as recalled leases may make room. Returns the last
        outcome."""
        outcome: Any = denied
        recall = Recall(self, denied)
        while isinstance(outcome, Denied) and recall.may_help:
            pause: float | None = yield AskWorker(recall.round)
            if pause is None:
                break
            if pause:
                yield Pause(self.clock, pause)
            outcome = recall.denied = yield command
        return outcome


class Recall:
    """One recall, which has several rounds: until there is room, or until the refusal is final."""

    def __init__(self, of: LeaseRecall, denied: Denied) -> None:
        self._of = of
        self._clock = of.clock
        self._until = of.clock.monotonic() + _PATIENCE_SECONDS
        self._next_sign = 0.0
        self._rounds = 0
        self._had_leases = True  # whether the round before saw leases; assumed before the first
        self.denied = denied

    @property
    def may_help(self) -> bool:
        """Whether the call would fit if reserved amounts were released. Callers check this before
        `round`."""
        decision = self.denied.decision
        if decision.pause is not None or decision.doubt is not None:
            return False
        for verdict in self.denied.decision.refusing:
            if not verdict.reserved or verdict.remaining + verdict.reserved < verdict.asked:
                return False
        return self._of.leases is not None or self._of.sign.is_there

    def round(self, store: Store, now: int) -> float | None:
        """Recall leases once. Called in the worker.

        Returns the seconds to wait before the command is repeated, or None if the refusal is final.
        """
        limits = [verdict.limit for verdict in self.denied.decision.refusing]
        self._rounds += 1
        first = self._rounds == 1
        leases = self._of.leases
        if leases is not None and leases.give_back_for(limits, store, now):
            return 0.0
        held = store.leases_in(limits)
        monotonic = self._clock.monotonic()
        had_leases, self._had_leases = self._had_leases, bool(held)
        if not held:
            # Leases may have been released between the refusal and this check.
            return 0.0 if had_leases else None
        if monotonic >= self._until or self._rounds > _MOST_ROUNDS:
            return None
        if monotonic >= self._next_sign:
            self._next_sign = monotonic + _SIGN_EVERY_SECONDS
            self._of.sweep(store, now)  # releases leases of ended processes
            self._of.sign.give(store)
            return 0.0 if first else _PAUSE_SECONDS
        return _PAUSE_SECONDS
