"""Virtual keys in PostgreSQL, in a database schema of their own beside the ledger's schema.

The roles `app` and `reader` of a ledger have no right to that schema; the role `keys` has.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from functools import cache
from hashlib import sha256
from typing import Any, TypeVar

from quotakeeper.domain.keys.key_changes import KeyAudit
from quotakeeper.domain.keys.key_store import ALL_ROWS, Decide
from quotakeeper.domain.keys.virtual_key import VirtualKey
from quotakeeper.domain.ports import Problem
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.native_threads import Lock
from quotakeeper.stores.postgres.answer_time import must_answer_within
from quotakeeper.stores.postgres.connection import PostgresConnection
from quotakeeper.stores.postgres.dialect import PostgresSession, for_driver, texts
from quotakeeper.stores.postgres.driver import driver, in_schema, literal, open_connection
from quotakeeper.stores.postgres.dsn import ServerAddress
from quotakeeper.stores.postgres.errors import is_lost, translated
from quotakeeper.stores.postgres.roles import schema_sql
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.copying import KEY_TABLES
from quotakeeper.stores.sql.damage import DamagedRowError
from quotakeeper.stores.sql.key_rows import KeyRows, checked_rows, key_problems
from quotakeeper.stores.sql.statements import key_statements, read_sql

_ENDING = "_keys"
_LONGEST = 63 - len(_ENDING)  # the longest name of a PostgreSQL schema has 63 bytes
_PATIENCE = "10s"
ANSWER_MS = 4_000  # for a read of keys; the ledger's own reads have a time limit of the worker

T = TypeVar("T")


def schema_of_keys(schema: str) -> str:
    """Return the name of the schema that has the virtual keys of the ledger in `schema`."""
    if len(schema) > _LONGEST:
        digest = sha256(schema.encode()).hexdigest()[:8]
        schema = f"{schema[: _LONGEST - 9]}_{digest}"
    return schema + _ENDING


def key_creation_sql(schema: str) -> str:
    """Return the SQL that makes the schema and tables of keys. It must run in one transaction."""
    name = schema_of_keys(schema)
    return schema_sql(name) + "\n" + read_sql("quotakeeper.stores.postgres", "schema/keys_2")


def make_key_tables(raw: Any, schema: str) -> bool:
    """Make the tables of virtual keys if there are none. Returns whether they were made.

    Those of a ledger that was moved away are frozen. Call this in a write transaction. Raises
    errors of the driver.
    """
    raw.execute(texts()["lock_keys"], {"schema": schema})
    if rights_on_keys(raw, schema) is not None:
        return False
    raw.execute(key_creation_sql(schema))
    rights = raw.execute(texts()["rights_on_ledger"], {"schema": schema}).fetchone()
    if rights is not None and rights[0] and rights[1]:
        moved_to = raw.execute(in_schema(texts()["moved_to_of"], schema)).fetchone()
        if moved_to is not None:
            freeze_keys(raw, schema, str(moved_to[0]))
    return True


def freeze_keys(raw: Any, schema: str, moved_to: str) -> None:
    """Make the server refuse every change of virtual keys, if there are any.

    Call this in a write transaction of the owner of their tables. Raises errors of the driver.
    """
    sql, keys = texts(), schema_of_keys(schema)
    raw.execute(sql["lock_keys"], {"schema": schema})
    if rights_on_keys(raw, schema) is None:
        return
    raw.execute(in_schema(sql["make_refusal_of_keys"], keys))
    for table in KEY_TABLES:
        text = in_schema(sql["freeze_keys"].replace("TABLE", table.name), keys)
        # The place comes last, as it may have any of these words.
        raw.execute(text.replace("'PLACE'", literal(moved_to)))  # gate-ok(sql): a quoted literal


def thaw_keys(raw: Any, schema: str) -> None:
    """End what `freeze_keys` did. Call this in a write transaction. Raises errors of the driver."""
    sql, keys = texts(), schema_of_keys(schema)
    raw.execute(sql["lock_keys"], {"schema": schema})
    if raw.execute(sql["keys_are_frozen"], {"schema": keys}).fetchone()[0]:
        raw.execute(in_schema(sql["thaw_keys"], keys))


def problems_of_keys(session: SqlSession, schema: str) -> list[Problem]:
    """Return the problems that `verify` finds in the virtual keys of the ledger in `schema`.

    Without the right to read them, nothing is checked.
    """
    if not rights_on_keys(session, schema):
        return []
    session.execute(texts()["set_path"], {"schema": schema_of_keys(schema)})
    return key_problems(session, _sql())


def rows_in(session: SqlSession, address: ServerAddress) -> KeyRows:
    """Return the virtual keys for this transaction, whose search_path becomes their schema."""
    session.execute(texts()["set_path"], {"schema": schema_of_keys(address.schema)})
    return checked_rows(session, _sql(), address.name)


class PostgresKeys:
    """The virtual keys of one ledger on a server; see KeyStore. Any thread may use it."""

    def __init__(self, address: ServerAddress) -> None:
        self._address = address
        self._idle: list[Any] = []  # at most one connection
        self._lock = Lock()
        self._process = os.getpid()

    @property
    def name(self) -> str:
        """The ledger's location, for messages; without a password."""
        return self._address.name

    def find(self, digest: bytes) -> VirtualKey | None:
        """Return the key that has a secret with this SHA-256; None if there is none."""
        return self._read(lambda rows: rows.find(digest), None)

    def all_keys(self) -> list[VirtualKey]:
        """Return all keys, the oldest first."""
        return self._read(lambda rows: rows.all_keys(), [])

    def audit(
        self, after: int = 0, most: int = ALL_ROWS, key_id: str = ""
    ) -> list[KeyAudit]:  # fmt: skip
        """Return rows of the audit, the oldest first; see KeyStore."""
        return self._read(lambda rows: rows.audit(after, most, key_id), [])

    def change(self, name: str, decide: Decide) -> VirtualKey:
        """Commit what `decide` returns for the key `name`; see KeyStore."""
        sql, is_sent = texts(), False
        try:
            with closing(open_connection(self._address.parameters, prepares=False)) as raw:
                raw.execute(sql["begin_write"])
                raw.execute(sql["set_patience"], {"patience": _PATIENCE})
                make_key_tables(raw, self._address.schema)
                self._check_rights(raw)
                done = rows_in(_session(raw, may_write=True), self._address).change(name, decide)
                is_sent = True
                raw.execute(sql["commit"])
                return done
        except (driver().Error, DamagedRowError, OSError) as error:
            unknown = is_sent and is_lost(error)
            raise translated(self._address, error, at_commit=unknown) from error

    def close(self) -> None:
        """Close the idle connection."""
        for raw in self._taken():
            _close(raw)

    def _read(self, ask: Callable[[KeyRows], T], without: T) -> T:
        """Return the result of `ask`. If the idle connection was lost, a new one is tried."""
        for is_last in (False, True):
            idle = self._taken()
            raw = None
            try:
                raw = idle[0] if idle else open_connection(
                    self._address.parameters, prepares=self._address.prepares
                )  # fmt: skip
                found = self._asked(raw, ask, without)
            except (driver().Error, DamagedRowError, OSError) as error:
                _close(raw)
                if is_last or not idle or not is_lost(error):
                    raise translated(self._address, error) from error
            except BaseException:
                _close(raw)
                raise
            else:
                self._give_back(raw)
                return found
        raise AssertionError("the last attempt returns or raises")

    def _asked(self, raw: Any, ask: Callable[[KeyRows], T], without: T) -> T:
        with must_answer_within(raw, ANSWER_MS):
            raw.execute(texts()["begin_read"])
            found = without
            if self._check_rights(raw):
                found = ask(rows_in(_session(raw), self._address))
            raw.execute(texts()["rollback"])
        return found

    def _check_rights(self, raw: Any) -> bool:
        """Return whether there are tables. Raises LedgerUnavailableError without a right to them."""
        may_read = rights_on_keys(raw, self._address.schema)
        if may_read is False:
            raise LedgerUnavailableError(
                self._address.name, "this user has no right to use its virtual keys",
                "ask an administrator: quotakeeper ledger init --keys ROLE, then GRANT ROLE",
            )  # fmt: skip
        return may_read is not None

    def _taken(self) -> list[Any]:
        with self._lock:
            idle, self._idle = self._idle, []
            if self._process != os.getpid():  # a forked child must not use or end its parent's
                _leaked.extend(idle)
                self._process, idle = os.getpid(), []
            return idle

    def _give_back(self, raw: Any) -> None:
        with self._lock:
            if not self._idle:
                self._idle.append(raw)
                return
        _close(raw)


def rights_on_keys(executes: Any, schema: str) -> bool | None:
    """Return whether this user may read the keys; None if there are no tables."""
    values = {"schema": schema_of_keys(schema)}
    row = executes.execute(texts()["rights_on_keys"], values).fetchone()
    return None if row is None else bool(row[0])


def _session(raw: Any, *, may_write: bool = False) -> PostgresSession:
    connection = PostgresConnection(raw)
    connection.may_read, connection.may_write = True, may_write
    return PostgresSession(connection)


@cache
def _sql() -> Mapping[str, str]:
    return for_driver(key_statements())


def _close(raw: Any) -> None:
    with suppress(Exception):
        if raw is not None:
            raw.close()


# Connections of a parent process. Closing them here would end connections that the parent uses.
_leaked: list[Any] = []
