"""A ledger's server, for whoever looks after it: what it promises, and how its tables are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from quotakeeper.stores.postgres.dialect import texts
from quotakeeper.stores.postgres.driver import driver, open_connection
from quotakeeper.stores.postgres.dsn import ServerAddress
from quotakeeper.stores.postgres.errors import translated
from quotakeeper.stores.postgres.migrations import creation_sql, prepare
from quotakeeper.stores.postgres.roles import LedgerRoles, roles_sql
from quotakeeper.value_classes import dataclass


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a server says of itself, of this connection, and of the ledger in it.

    `clock_ahead_us`: microseconds of the server's clock before this machine's. `reads`, `writes`:
    the rights of this user on the ledger; None where there is no ledger yet.
    """

    version: str
    version_number: int
    encoding: str
    fsync: bool
    full_page_writes: bool
    synchronous_commit: str
    standby_names: str
    in_recovery: bool
    user: str
    is_local: bool
    has_tls: bool
    most_connections: int
    connections: int
    may_create: bool
    clock_ahead_us: int
    reads: bool | None = None
    writes: bool | None = None


class ServerLedger:
    """A ledger in PostgreSQL that is not opened: nothing is made before `make`."""

    def __init__(self, address: ServerAddress) -> None:
        self._address = address

    @property
    def name(self) -> str:
        """Where the ledger is, for people; without a password."""
        return self._address.name

    @property
    def schema(self) -> str:
        """The schema that the ledger is in."""
        return self._address.schema

    def facts(self, now: Callable[[], int]) -> ServerFacts:
        """Ask the server; `now` is the clock of this machine. Raises LedgerError."""
        with self._connected() as raw:
            before = now()
            *found, at = raw.execute(texts()["server_facts"]).fetchone()
            here = (before + now()) // 2
            rights = raw.execute(texts()["rights_on_ledger"], {"schema": self.schema}).fetchone()
        values = [*found, at - here]
        if rights is not None:
            uses, reads, writes = rights
            values += [uses and reads, uses and writes]
        return ServerFacts(*values)

    def make(self, app: str = "", reader: str = "") -> bool:
        """Make the tables unless they are there, and roles; returns whether it made tables.

        Raises LedgerError, and InvalidInputError for the name of a role.
        """
        rights = roles_sql(self.schema, LedgerRoles(app, reader))
        with self._connected() as raw:
            is_new = prepare(raw, self._address).is_new
            if rights:
                with raw.transaction():
                    raw.execute(rights)
        return is_new

    def creation_sql(self, app: str = "", reader: str = "") -> str:
        """The SQL of `make`, for whoever may do on the server what this user may not."""
        parts = (creation_sql(self.schema), roles_sql(self.schema, LedgerRoles(app, reader)))
        return "\n".join(["BEGIN;", *(part for part in parts if part), "COMMIT;"])

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        address = self._address
        try:
            raw = open_connection(address.parameters, prepares=address.prepares)
            with closing(raw):
                yield raw
        except (driver().Error, OSError) as error:
            raise translated(address, error) from error
