"""Programs for the parts about forks and ends: each brings a keeper to a certain state.

They are forked from a process that has imported everything and holds nothing.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from quotakeeper import Keeper
from quotakeeper.domain.ledger.commands import Release
from quotakeeper.engine.reservation import Reservation
from quotakeeper.errors import LedgerUnavailableError
from tests.proof.apart import scratch

CONFIG = {
    "timezone": "UTC",
    "default_limits": False,
    "limit": [
        {"name": "cap", "provider": "gemini", "meter": "requests", "window": "day", "amount": 100}
    ],
}
SECONDS = 20  # the longest run of a program
WRONG = 9  # the exit status of a program that found a fault


def imported() -> None:
    """Import the modules that load late, for all children."""
    with scratch() as folder, Keeper(folder / "ledger.db", CONFIG, "process") as keeper:
        with keeper.reserve("gemini") as call:
            call.settle(requests=1)
        list(keeper.events())
        keeper.verify()


class Program:
    """The program of one case: its keeper, and what it holds."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "ledger.db"
        self.keeper = Keeper(self.path, CONFIG, "process")
        self.call: Reservation | None = None
        self.kept: list[Any] = []

    # -- states

    def unused(self) -> None:
        """A keeper that has done nothing."""

    def idle(self) -> None:
        """An open keeper without open calls."""
        self.keeper.record("gemini", event_id="before")

    def holding(self) -> None:
        """A keeper with a reservation that was not sent."""
        self.call = self.keeper.reserve("gemini", event_id="open")

    def sent(self) -> None:
        """A keeper with a reservation that was sent."""
        self.holding()
        assert self.call is not None
        self.call.mark_sent()

    def handed_over(self) -> None:
        """A keeper with a full queue of commands that no caller waits for."""
        self.keeper.status()
        for number in range(500):
            self.keeper._engine.worker.post(Release(f"nothing {number}"))

    def reading(self) -> None:
        """A keeper in the middle of reading events."""
        self.idle()
        events = self.keeper.events()
        next(events)
        self.kept.append(events)

    def others_calling(self) -> None:
        """A keeper while other threads make calls."""
        threads = [threading.Thread(target=self._calls, daemon=True) for _ in range(2)]
        for thread in threads:
            thread.start()
        self.keeper.status()

    def closed(self) -> None:
        """A keeper that was closed."""
        self.idle()
        self.keeper.close()

    def _calls(self) -> None:
        with suppress(LedgerUnavailableError):  # closed meanwhile
            while True:
                with self.keeper.reserve("gemini") as call:
                    call.settle(requests=0)

    # -- what a child does

    def nothing(self) -> None:
        """Do nothing."""

    def record(self) -> None:
        """Record a call with the parent's keeper, or with a new one if that was closed."""
        self._of_the_child().record("gemini", event_id="child")

    def reserve_and_leave(self) -> None:
        """Reserve a call, mark it as sent, and leave it open."""
        keeper = self._of_the_child()
        call = keeper.reserve("gemini", event_id="child")
        call.mark_sent()
        self.kept += [keeper, call]

    def drop(self) -> None:
        """Delete all references to the parent's objects."""
        self.call = None
        self.kept.clear()
        self.keeper.close()

    def settle(self) -> None:
        """Settle the parent's reservation."""
        if self.call is not None:
            self.call.settle(requests=1)

    def fork_again(self) -> None:
        """Fork a child that records a call."""
        in_child(self.record, os._exit)
        self._of_the_child().record("gemini", event_id="between")

    def _of_the_child(self) -> Keeper:
        try:
            self.keeper.status()
        except LedgerUnavailableError:
            self.keeper = Keeper(self.path, CONFIG, "process")
        return self.keeper


STATES = ("unused", "idle", "holding", "sent", "handed_over", "reading", "others_calling", "closed")


def in_child(act: Callable[[], object], end: Callable[[int], object]) -> None:
    """Fork; the child acts and ends, and must exit with 0."""
    pid = os.fork()
    if pid == 0:
        status = WRONG
        try:
            act()
            status = 0
        except BaseException as error:  # noqa: BLE001 - a forked child must not return
            os.write(2, f"in the child: {error!r}\n".encode())
        end(status)
    status = ended(pid)
    assert status == 0, f"a child ended with {status}"


def ended(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
