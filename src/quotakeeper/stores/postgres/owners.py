"""Keeps a row for each process that uses the ledger, and decides which processes have ended.

A process has ended if it was not seen for 30 seconds of ledger time. This is decided in the commit
that ends its reservations. A process that was only stopped, or cut off, notices this at its next
commit. It then continues under a new name: its first name, `~` and a number.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from quotakeeper.clocks import SystemClock
from quotakeeper.domain.ledger.commands import Command, Draw, Reserve, Sweep
from quotakeeper.domain.ledger.reservations import process_of
from quotakeeper.stores.postgres.connection import PostgresConnection, Statement
from quotakeeper.stores.postgres.dialect import FUNCTIONS_VERSION, texts
from quotakeeper.value_classes import dataclass, replace

DEAD_AFTER_SECONDS = 30
SEEN_EVERY_MS = 5_000
_DEAD_AFTER_US = DEAD_AFTER_SECONDS * 1_000_000
_KEPT_US = 31 * 86_400 * 1_000_000

log = logging.getLogger("quotakeeper.stores")


@dataclass(frozen=True, slots=True)
class HostIdentity:
    """What the row of a process says about its machine: the host's name, and its boot.

    "" is not known.
    """

    host: str = ""
    boot: str = ""


class Presence:
    """The row of this process, and its name in the ledger.

    `first_name` never changes. `name` is the name in the ledger at present.
    """

    def __init__(self, first_name: str, identity: HostIdentity) -> None:
        self.first_name = first_name
        self._identity = identity
        self._clock = SystemClock()
        self._number = 1
        self._is_known = False  # whether the ledger has the row, as far as this process knows
        self._heard_at = self._clock.monotonic()
        self._recalls = self._ends = 0

    @property
    def name(self) -> str:
        """The name of this process in the ledger."""
        return self.first_name if self._number == 1 else f"{self.first_name}~{self._number}"

    @property
    def is_known(self) -> bool:
        """Whether the ledger has a row of this process, as far as this process knows."""
        return self._is_known

    @property
    def recalls(self) -> int:
        """A number that changes when leases were recalled, or this process was counted as ended."""
        return self._recalls + self._ends

    def silent_for(self, milliseconds: int) -> bool:
        """Return whether the server has not answered this process for this time."""
        return (self._clock.monotonic() - self._heard_at) * 1_000 >= milliseconds

    def hears(self, recalls: int) -> None:
        """Note an answer of the server, with its number of recalls."""
        self._recalls = max(self._recalls, recalls)
        self._heard_at = self._clock.monotonic()

    def lost(self) -> None:
        """Take a new name, because the ledger counts this process as ended."""
        before = self.name
        self._number += 1
        self._ends += 1
        self._is_known = False
        log.warning(
            "quotakeeper: the ledger has not heard from this process for %d s and counted it as "
            "ended: its calls that were not sent were released, and its sent calls were counted "
            "as used until they are settled; it continues as %s instead of %s",
            DEAD_AFTER_SECONDS, self.name, before,
        )  # fmt: skip

    def under_name(self, commands: Sequence[Command]) -> Sequence[Command]:
        """Return the commands with the present name of this process as their owner."""
        if self._number == 1:
            return commands
        return [
            replace(each, owner=self.name)
            if isinstance(each, Reserve | Draw) and process_of(each.owner) == self.first_name
            else each
            for each in commands
        ]

    # -- in a transaction that has the lock of the head row

    def ahead(self) -> Statement:
        """Return the query for the row of this process, to fetch it with the head row."""
        return texts()["own_owner"], (self.name,)

    def check(self, connection: PostgresConnection) -> None:
        """Take a new name if the ledger has counted this process as ended."""
        found = connection.execute(*self.ahead()).fetchone()
        if self._is_known and (found is None or not found[0]):
            self.lost()

    def seen(self, now: int) -> Statement:
        """Return the statement that writes at `now` that this process is running."""
        if self._is_known:
            return texts()["see_owner"], (now, self.name)
        identity = self._identity
        row = (self.name, identity.host, identity.boot, now, now, FUNCTIONS_VERSION)
        return texts()["add_owner"], row

    def written(self) -> None:
        """Note that the statement of `seen` was committed."""
        self._is_known = True

    def left(self, *, is_holding: bool) -> None:
        """Note that this process left the ledger. If it is still `is_holding`, its row stays."""
        self._is_known = is_holding

    # -- other processes

    def judged(
        self, connection: PostgresConnection, command: Sweep, now: int, ended_here: frozenset[str]
    ) -> tuple[Sweep, list[Statement]]:
        """Return the command with those of its dead owners that have ended at `now`.

        Also returns the statements that write this. `ended_here` are first names of processes of
        this host that have certainly ended. This process itself counts as ended if the command
        names it, because it then ends its own reservations.
        """
        asked = {process_of(owner) for owner in command.dead_owners}
        if not asked:
            return command, []
        rows = connection.execute(texts()["owners_named"], [sorted(asked)]).fetchall()
        certain = ended_here | {self.first_name}
        alive, newly = set[str](), list[str]()
        for name, seen_at, ended_at in rows:
            if ended_at is not None:
                continue
            if seen_at > now - _DEAD_AFTER_US and process_of(name) not in certain:
                alive.add(name)
            elif name != self.name:
                newly.append(name)
        dead = (command.dead_owners | {row[0] for row in rows}) - alive
        sql = texts()
        statements: list[Statement] = [
            (sql["end_owners"], (now, newly)), (sql["drop_owners"], (now - _KEPT_US,)),
        ]  # fmt: skip
        return replace(command, dead_owners=dead), statements if newly else []


def seen_since(now: int) -> int:
    """Return the instant of ledger time such that a process not seen after it has ended."""
    return now - _DEAD_AFTER_US
