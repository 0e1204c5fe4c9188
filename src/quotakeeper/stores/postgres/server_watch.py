"""Watches what a ledger's server promises: that it keeps commits, and that its clock is right."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from quotakeeper.domain.server_doubts import FailoverDoubt, LedgerDoubt, WentBack
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.stores.postgres.connection import Head
from quotakeeper.stores.postgres.dialect import texts
from quotakeeper.stores.postgres.driver import driver, in_schema
from quotakeeper.stores.postgres.dsn import ServerAddress
from quotakeeper.stores.postgres.last_seen import LastSeen, ServerIdentity
from quotakeeper.stores.postgres.server_clock import ServerClock
from quotakeeper.value_classes import dataclass

KEPT_BATCHES = 3 * 86_400 * 1_000_000  # microseconds
# Values of synchronous_commit with which a commit waits for a standby's disk.
WAITING = ("on", "remote_apply")


@dataclass(frozen=True, slots=True)
class Demands:
    """What the settings demand of a ledger's server.

    - `must_be_replicated`: each commit must be on the disk of a standby when it is acknowledged
      (`durability = "replicated"`).
    - `admits_loss`: hard limits admit calls although a failover could lose the last calls.
    - `seen`: the file in which this machine keeps what it has seen of the ledger, or None.
    """

    must_be_replicated: bool = False
    admits_loss: bool = False
    seen: Path | None = None


NO_DEMANDS = Demands()


class Replication(NamedTuple):
    """How a server replicates. `has_standby` is whether a standby is known to follow it."""

    synchronous_commit: str
    standby_names: str
    has_standby: bool

    @property
    def is_synchronous(self) -> bool:
        """Whether a standby confirms each commit before it is acknowledged."""
        return bool(self.standby_names) and self.synchronous_commit in WAITING


class ServerWatch:
    """Notices that a ledger went back, that a failover could lose commits, and that clocks differ.

    `doubt` is the reason why hard limits refuse calls, or None. `losses` counts how often the
    ledger may have lost commits that this process has seen. A false alarm does no harm.
    """

    def __init__(self, address: ServerAddress, demands: Demands) -> None:
        self._address = address
        self._demands = demands
        self.seen = LastSeen(demands.seen)
        self.clock = ServerClock()
        self._replication = Replication("", "", False)
        self._is_gone = False  # the commit that must be there is not there
        self._version = 0  # as this connection last saw it
        self._is_standby = False
        self.losses = 0
        self._newest = 0  # the version as this process last saw it, on any connection
        self._known_loss: WentBack | None = self.seen.doubt
        self._accepted_at = self.seen.position.accepted_at

    @property
    def doubt(self) -> LedgerDoubt | None:
        """Why hard limits refuse calls: the first reason that applies; None if none does."""
        return self.seen.doubt or self._failover or self.clock.doubt

    @property
    def doubts(self) -> tuple[LedgerDoubt, ...]:
        """All reasons why hard limits refuse calls."""
        found = (self.seen.doubt, self._failover, self.clock.doubt)
        return tuple(each for each in found if each is not None)

    @property
    def _failover(self) -> FailoverDoubt | None:
        may_lose = self._replication.has_standby and not self._replication.is_synchronous
        return FailoverDoubt() if may_lose and not self._demands.admits_loss else None

    def connected(self, raw: Any) -> None:
        """Ask a server that was just connected who it is, and how it replicates."""
        sql, address = texts(), self._address
        *replication, timeline, self._is_standby, now = raw.execute(sql["server_state"]).fetchone()
        self._replication = Replication(*replication)
        if "," in address.parameters.get("host", ""):
            self._replication = self._replication._replace(has_standby=True)
        self._version, self._is_gone = 0, False
        if self._is_standby:
            return  # it may be behind, and nothing is decided there
        self.seen.connected(ServerIdentity(_system(raw), timeline))
        known = self.seen.position
        if known.batch:
            text = in_schema(sql["has_batch"], address.schema)
            is_there, has_older = raw.execute(text, (known.batch, known.batch_at)).fetchone()
            is_kept = has_older or now < known.batch_at + KEPT_BATCHES // 2
            self._is_gone = is_kept and not is_there

    def is_behind(self, head: Head) -> bool:
        """Return whether the ledger is older than this connection last saw it.

        Cached data is then wrong.
        """
        was, self._version = self._version, head.version
        return head.version < was

    def look(self, head: Head, accepted_at: int, now: int) -> None:
        """Compare a transaction's head row with what this machine has seen. See LastSeen.look."""
        if not self._is_standby:
            self.seen.look(head.version, accepted_at, now, is_gone=self._is_gone)
            self._is_gone = False
            self._count_losses(head.version)

    def _count_losses(self, version: int) -> None:
        """Count a loss that this process notices, or that another one noticed or accepted before.

        A version is compared also while a loss is known, because a ledger can go back twice.
        """
        doubt, accepted_at = self.seen.doubt, self.seen.position.accepted_at
        is_new = doubt is not None and doubt != self._known_loss
        if is_new or accepted_at > self._accepted_at or version < self._newest:
            self.losses += 1
        self._known_loss, self._accepted_at, self._newest = doubt, accepted_at, version

    def committed(self, version: int, batch: str, at: int) -> None:
        """Record an acknowledged commit of this process."""
        self._version = self._newest = version
        self.seen.committed(version, batch, at)

    def check_durability(self) -> None:
        """Raise LedgerUnavailableError if commits must be replicated, but no standby confirms them."""
        if self._demands.must_be_replicated and not self._replication.is_synchronous:
            raise LedgerUnavailableError(
                self._address.name,
                'durability is "replicated", but no standby confirms commits',
                "set synchronous_standby_names, and synchronous_commit = on, on the server",
            )


def _system(raw: Any) -> str:
    try:
        found: str = raw.execute(texts()["system_identifier"]).fetchone()[0]
    except driver().errors.InsufficientPrivilege:  # some hosting services forbid it
        return ""
    return found
