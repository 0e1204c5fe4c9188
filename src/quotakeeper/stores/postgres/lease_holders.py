"""The part of the PostgreSQL store about other processes: which have ended, and their leases."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from quotakeeper.domain.ledger.commands import Command, Sweep
from quotakeeper.domain.ledger.reservations import Hold, ProcessRow, process_of
from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.stores.postgres.conditional import ConditionalWrites
from quotakeeper.stores.postgres.dialect import texts
from quotakeeper.stores.postgres.dsn import ServerAddress
from quotakeeper.stores.postgres.errors import translated
from quotakeeper.stores.postgres.owners import SEEN_EVERY_MS, HostIdentity, seen_since
from quotakeeper.stores.postgres.server_watch import NO_DEMANDS, Demands
from quotakeeper.stores.postgres.state import PostgresState

log = logging.getLogger("quotakeeper.stores")


class LocalProcesses(Protocol):
    """The processes of this host that use the ledger. Each keeps files in a folder of the host."""

    def begin(self, owner: str) -> None:
        """Show the other processes of this host that the process `owner` is running.

        Raises OSError.
        """

    def ended(self, owners: frozenset[str]) -> frozenset[str]:
        """Return those of `owners` whose process ran on this host and has ended."""

    def bury(self, owners: frozenset[str]) -> None:
        """Delete what shows that these processes were running."""

    def close(self, *, leaves_something: bool) -> None:
        """Show that this process has ended. Its file stays if it leaves journals or reservations."""

    def after_fork(self) -> LocalProcesses:
        """Return the object for a forked child."""


class LeaseHolders(ConditionalWrites):
    """Knows the processes that use the ledger, and finds and recalls the leases of all of them.

    Processes of this host are known by `local`. The others are known by their rows in the ledger.
    """

    def __init__(
        self, address: ServerAddress, zones: ZoneFinder, *, owner: str,
        identity: HostIdentity | None = None, local: LocalProcesses | None = None,
        demands: Demands = NO_DEMANDS,
    ) -> None:  # fmt: skip
        super().__init__(address, zones, owner=owner, identity=identity, demands=demands)
        self._local = local
        self._is_marked = False  # whether `local` shows this process, or cannot
        self._ended_here: frozenset[str] = frozenset()

    hears_processes = True

    def _as_of(self, commands: Sequence[Command], now: int) -> Sequence[Command]:
        """Return the commands as the ledger at `now` sees the processes. Called under the lock."""
        found: list[Command] = []
        for each in self._presence.under_name(commands):
            if not isinstance(each, Sweep):
                found.append(each)
                continue
            assert self._connection is not None
            swept, also = self._presence.judged(self._connection, each, now, self._ended_here)
            found.append(swept)
            self._also += also
        return found

    def close(self) -> None:
        """Leave the ledger and close all connections. Open reservations stay open.

        Other processes then see that this process has ended.
        """
        is_told = self._connection is not None
        super().close()
        self._is_marked = False
        if self._local is not None:
            self._local.close(leaves_something=not is_told or self._presence.is_known)

    def _opened(self) -> PostgresState:
        state = super()._opened()
        if self._local is not None and not self._is_marked:
            self._is_marked = True
            try:
                self._local.begin(self._owner)  # before this process writes a journal
            except OSError as error:
                log.debug("quotakeeper: no file shows that this process is running: %s", error)
        return state

    def dead_owners(self) -> frozenset[str]:
        """Return the owner names of ended processes that have open reservations."""

        def ask(state: PostgresState, now: int) -> list[tuple[str, bool]]:
            rows = state.session.execute(texts()["holding_owners"], (seen_since(now),))
            return [(name, is_alive) for name, is_alive in rows.fetchall()]

        found = self._read(ask)
        here = self.ended(frozenset(process_of(name) for name, _ in found))
        return frozenset(
            name for name, is_alive in found
            if process_of(name) != self._owner and (not is_alive or process_of(name) in here)
        )  # fmt: skip

    def ended(self, owners: frozenset[str]) -> frozenset[str]:
        """Return those of `owners` whose process ran on this host and has ended."""
        if self._local is None:
            return frozenset()
        ended = self._local.ended(owners - {self._owner})
        self._ended_here |= ended
        return ended

    def bury(self, owners: frozenset[str]) -> None:
        """Delete the files of ended processes. Call this after their reservations have ended.

        The rows in the ledger stay for a month, because they name the hosts of assumed leases.
        """
        if self._local is not None:
            self._local.bury(frozenset(map(process_of, owners)) & self._ended_here)

    # -- leases

    def leases_in(self, limits: Sequence[Limit]) -> list[Hold]:
        """Return the open leases that count in one of these limits, oldest first."""
        found = self._read(lambda state, _: state.leases())
        return [hold for hold in found if any(limit.matches(hold.labels) for limit in limits)]

    def assumed_leases(self, owners: frozenset[str]) -> list[tuple[str, UsageEvent]]:
        """Return the leases of these processes that were counted as used: owner name and event."""

        def ask(state: PostgresState, _: int) -> list[tuple[str, UsageEvent]]:
            rows = state.session.execute(texts()["leases_of"], [sorted(owners)]).fetchall()
            found = [(owner, state.known_at(seq).event) for seq, owner in rows]
            return [(owner, event) for owner, event in found if event is not None]

        return self._read(ask) if owners else []

    @property
    def losses(self) -> int:
        """A number that grows when the ledger may lack commits; see the port."""
        return self._watch.losses

    def recall(self) -> None:
        """Ask all processes to release the unused parts of their leases."""
        self._presence.hears(self._alone("recall", ())[0])

    def recalls(self, within_ms: int, now: int) -> int:
        """Return a number that changes with each recall; see the port."""
        self.keep_alive(now, within_ms)
        return self._presence.recalls

    def keep_alive(self, now: int, within_ms: int = SEEN_EVERY_MS) -> None:
        """Write that this process is running, if the server was silent for `within_ms`."""
        presence = self._presence
        if presence.is_known and self._may_write and presence.silent_for(within_ms):
            recalls, is_known = self._alone("see", (presence.name, now))
            presence.hears(recalls)
            if not is_known:
                presence.lost()

    def process_rows(self, now: int) -> list[ProcessRow]:
        """Return the processes that the ledger knows; see the port."""

        def ask(state: PostgresState, at: int) -> list[ProcessRow]:
            since = seen_since(at)
            return [
                ProcessRow(name, host, since_at, seen_at, ended_at is None and seen_at > since)
                for name, host, _, since_at, seen_at, ended_at
                in state.session.execute(texts()["all_owners"]).fetchall()
            ]  # fmt: skip

        return self._read(ask, now)

    def _alone(self, name: str, values: Sequence[object]) -> tuple[int, bool]:
        """Execute a statement that is a transaction by itself. Returns its row."""
        for is_last in (False, True):
            try:
                self._opened()
                assert self._connection is not None
                row = self._connection.post(self._named(name), values).fetchone()
                return row[0], row[-1]
            except self._errors() as error:
                self._drop()
                if is_last:
                    raise translated(self._address, error) from error
        raise AssertionError("the last attempt returns or raises")
