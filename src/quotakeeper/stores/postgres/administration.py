"""Functions for administrators of a ledger's server: facts about the server, and how to make
tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from quotakeeper.stores.postgres.dialect import texts
from quotakeeper.stores.postgres.driver import driver, in_schema, open_connection
from quotakeeper.stores.postgres.dsn import ServerAddress, is_loopback
from quotakeeper.stores.postgres.errors import is_read_only, translated
from quotakeeper.stores.postgres.key_store import (
    key_creation_sql,
    make_key_tables,
    schema_of_keys,
)
from quotakeeper.stores.postgres.migrating import (
    Contracting,
    Migrated,
    migrate,
    migration_sql,
)
from quotakeeper.stores.postgres.migrations import creation_sql, prepare, version_of
from quotakeeper.stores.postgres.moving import unfreeze
from quotakeeper.stores.postgres.roles import LedgerRoles, key_roles_sql, roles_sql
from quotakeeper.value_classes import dataclass, replace


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """Facts about a server, about this connection, and about the ledger in the database.

    `clock_ahead_us` is by how many microseconds the server's clock is ahead of this machine's
    clock. `reads` and `writes` are whether this user may read and write the ledger; None if there
    is no ledger yet. `is_read_only` is whether the server is set so that it takes no writes.
    `is_local` is whether the connection stays on this machine. `is_too_old` and `is_too_new` are
    whether the ledger's schema is too old or too new for this program. `moved_to` is where the
    ledger was moved to; "" if it takes calls.
    """

    version: str
    version_number: int
    encoding: str
    fsync: bool
    full_page_writes: bool
    synchronous_commit: str
    standby_names: str
    in_recovery: bool
    is_read_only: bool
    user: str
    most_connections: int
    connections: int
    may_create: bool
    is_local: bool
    has_tls: bool
    clock_ahead_us: int
    reads: bool | None = None
    writes: bool | None = None
    is_too_old: bool = False
    is_too_new: bool = False
    moved_to: str = ""


class ServerLedger:
    """A ledger in PostgreSQL that is not opened. No tables are made before `make` is called."""

    def __init__(self, address: ServerAddress) -> None:
        self._address = address

    @property
    def name(self) -> str:
        """The ledger's location, for messages; without a password."""
        return self._address.name

    @property
    def schema(self) -> str:
        """The database schema that contains the ledger."""
        return self._address.schema

    def facts(self, now: Callable[[], int]) -> ServerFacts:
        """Return the facts about the server. `now` is the clock of this machine.

        If no server of the URL takes writes, the facts are those of one that does not. Raises
        LedgerError.
        """
        with self._connected(or_read_only=True) as raw:
            before = now()
            *found, at = raw.execute(texts()["server_facts"]).fetchone()
            here = (before + now()) // 2
            # Asked of this end of the connection: the other end may be that of a pooler. The
            # address is "" for a socket.
            found += [is_loopback(raw.info.hostaddr), bool(raw.pgconn.ssl_in_use), at - here]
            rights = raw.execute(texts()["rights_on_ledger"], {"schema": self.schema}).fetchone()
            facts = ServerFacts(*found)
            if rights is None:
                return facts
            uses, reads, writes = rights
            facts = replace(facts, reads=uses and reads, writes=uses and writes)
            return self._with_ledger(facts, raw) if facts.reads else facts

    def _with_ledger(self, facts: ServerFacts, raw: Any) -> ServerFacts:
        row = raw.execute(in_schema(texts()["ledger_facts"], self.schema)).fetchone()
        schema, oldest, moved_to = row or ("", "", "")
        found = version_of(self._address, schema, oldest)
        return replace(
            facts,
            is_too_old=found.is_too_old,
            is_too_new=found.is_too_new,
            moved_to=moved_to or "",
        )

    def make(self, app: str = "", reader: str = "", keys: str = "", auditor: str = "") -> bool:
        """Make the tables if there are none, and the roles; see LedgerRoles.

        A role "" is not made. With `keys`, the tables of virtual keys are made too. Returns whether
        tables of the ledger were made. Raises LedgerError, and InvalidInputError for a role name
        that is not valid.
        """
        rights = roles_sql(self.schema, LedgerRoles(app, reader, keys, auditor))
        with self._connected() as raw:
            is_new = prepare(raw, self._address).is_new
            if rights or keys:
                with raw.transaction():
                    if rights:
                        raw.execute(rights)
                    if keys:
                        make_key_tables(raw, self.schema)
                        raw.execute(key_roles_sql(schema_of_keys(self.schema), keys))
        return is_new

    def migrate(self, now: int, *, contract: bool = False, anyway: bool = False) -> Migrated:
        """Carry out the steps of the schema that the ledger does not have.

        With `contract`, also the steps that drop functions of older programs; with `anyway`, even
        while such programs run. `now` is the clock of this machine. Raises InvalidInputError and
        LedgerError.
        """
        return migrate(self._address, Contracting(contract, anyway), now)

    def migration_sql(self, *, contract: bool = False) -> str:
        """Return the SQL that `migrate` runs; "" if there are no steps. Raises the same errors.

        The SQL does not check which programs run.
        """
        return migration_sql(self._address, Contracting(contract))

    def unfreeze(self) -> str:
        """Let the ledger take calls again after a move.

        Returns where it was moved to; "" if it was not frozen. Raises LedgerError.
        """
        return unfreeze(self._address)

    def creation_sql(
        self, app: str = "", reader: str = "", keys: str = "", auditor: str = ""
    ) -> str:
        """Return the SQL that `make` runs, for an administrator with more rights than this user.

        With `keys`, the SQL is for a ledger that has no virtual keys yet.
        """
        roles = LedgerRoles(app, reader, keys, auditor)
        parts = [creation_sql(self.schema), roles_sql(self.schema, roles)]
        if keys:
            parts += [
                key_creation_sql(self.schema),
                key_roles_sql(schema_of_keys(self.schema), keys),
            ]
        return "\n".join(["BEGIN;", *(part for part in parts if part), "COMMIT;"])

    @contextmanager
    def _connected(self, *, or_read_only: bool = False) -> Iterator[Any]:
        address = self._address
        try:
            raw = self._open(or_read_only)
            with closing(raw):
                yield raw
        except (driver().Error, OSError) as error:
            raise translated(address, error) from error

    def _open(self, or_read_only: bool) -> Any:
        address = self._address
        try:
            return open_connection(address.parameters, prepares=address.prepares)
        except driver().OperationalError as error:
            if not or_read_only or not is_read_only(error):
                raise
        anywhere = {**address.parameters, "target_session_attrs": "any"}
        return open_connection(anywhere, prepares=address.prepares)
