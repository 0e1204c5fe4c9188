"""Makes the tables of a ledger in PostgreSQL, and checks their version.

Programs call functions in the server, whose names end in a version: `post_v2`. A new version is made
in two steps of the schema. The first step adds functions and tables, beside those of the version
before. Programs of both versions then count calls on one ledger. When all programs are upgraded, the
second step drops the functions of the old version. See migrating.py.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from quotakeeper.errors import LedgerCorruptError, LedgerUnavailableError, LedgerVersionError
from quotakeeper.stores.postgres.dialect import FUNCTIONS_VERSION, texts
from quotakeeper.stores.postgres.driver import driver
from quotakeeper.stores.postgres.dsn import ServerAddress
from quotakeeper.stores.postgres.roles import schema_sql
from quotakeeper.stores.sql.statements import read_sql

SCHEMA_VERSION = 3  # the step that has made everything that this program uses
_OLDEST_SERVER = 150_000
_PACKAGE = "quotakeeper.stores.postgres"


class SchemaStep(NamedTuple):
    """One step of the schema: SQL in `file` of `package`, which is executed once, in order.

    `number` is the schema version after it. `drops` is the version of the functions that it drops;
    0 if it drops none. A step that drops none leaves all that older programs use as it is.
    """

    number: int
    file: str
    drops: int = 0
    package: str = _PACKAGE


STEPS = (
    SchemaStep(2, "schema/step_2"),
    SchemaStep(3, "schema/step_3"),
    SchemaStep(4, "schema/step_4", drops=1),
)


class Prepared(NamedTuple):
    """The state of a ledger's tables: whether they are new, and whether this user may write."""

    is_new: bool
    may_write: bool


def prepare(raw: Any, address: ServerAddress) -> Prepared:
    """Make the tables if there are none, and check their version.

    Raises LedgerError and errors of the driver.
    """
    is_new = not has_ledger(raw, address) and _make(raw, address)
    return Prepared(is_new, _checked(raw, address))


def creation_sql(schema: str) -> str:
    """Return the SQL that makes a ledger's schema and tables. It must run in one transaction.

    `schema` must be a plain name, as `parse_dsn` checks.
    """
    parts = [schema_sql(schema)]
    parts += [read_sql(_PACKAGE, f"schema/{name}") for name in ("schema_1", "additions")]
    parts += [step_sql(step) for step in STEPS]
    return "\n".join(parts)


def step_sql(step: SchemaStep) -> str:
    """Return the SQL of one step. It must run in one transaction, with the ledger's `search_path`.

    It waits for the commit under way, and later commits wait for it. It fails if the ledger is not
    at the version before.
    """
    sql = texts()
    parts = [sql["begin_step"], read_sql(step.package, step.file)]
    parts += [sql["give_rights"], sql["end_step"]]
    if step.drops:
        parts.append(sql["set_oldest"])
    text = ";\n".join(part.rstrip().removesuffix(";") for part in parts) + ";\n"
    numbers = {"STEP_BEFORE": step.number - 1, "STEP_NOW": step.number, "OLDEST": step.drops + 1}
    for word, number in numbers.items():
        text = text.replace(f"'{word}'", f"'{number}'")
    return text


def has_ledger(raw: Any, address: ServerAddress) -> bool:
    """Return whether the schema has a ledger. Raises LedgerUnavailableError for a server that is too
    old or has another encoding.
    """
    found = raw.execute(texts()["has_ledger"], {"schema": address.schema}).fetchone()
    is_there, encoding, server = found
    if server < _OLDEST_SERVER:
        raise LedgerUnavailableError(
            address.name, f"PostgreSQL {server // 10_000} is too old", "use PostgreSQL 15 or newer"
        )
    if encoding != "UTF8":
        raise LedgerUnavailableError(
            address.name,
            f"its database stores text in the encoding {encoding}",
            "use a database with the encoding UTF8",
        )
    return bool(is_there)


def _make(raw: Any, address: ServerAddress) -> bool:
    sql, values = texts(), {"schema": address.schema}
    with raw.transaction():
        raw.execute(sql["lock_making"], values)  # released when the transaction ends
        if has_ledger(raw, address):
            return False
        try:
            raw.execute(creation_sql(address.schema))
        except driver().errors.InsufficientPrivilege as error:
            raise LedgerUnavailableError(
                address.name, "has no tables yet, and this user may not make them",
                "ask an administrator of the database to run: quotakeeper ledger init",
            ) from error  # fmt: skip
        return True


def _checked(raw: Any, address: ServerAddress) -> bool:
    """Return whether this user may write. Raises LedgerError for tables of an unknown version."""
    sql = texts()
    with raw.transaction():
        raw.execute(sql["set_path"], {"schema": address.schema})
        found = stored_version(raw, address)
    if found.is_too_new:
        raise LedgerVersionError(
            address.name,
            f"takes calls from programs with version {found.oldest_functions} of its functions or "
            f"newer; this quotakeeper has version {FUNCTIONS_VERSION}",
            "upgrade quotakeeper: update the clone, and run there: pip install .",
        )
    if found.is_too_old:
        raise LedgerVersionError(
            address.name, f"has schema version {found.schema}; this quotakeeper needs version "
                          f"{SCHEMA_VERSION}",
            "as the owner of the schema, run: quotakeeper ledger migrate",
        )  # fmt: skip
    return found.may_write


class StoredVersion(NamedTuple):
    """The schema version of a ledger, whether this user may write to it, and the oldest version of
    the functions that it has.
    """

    schema: int
    may_write: bool
    oldest_functions: int

    @property
    def is_too_old(self) -> bool:
        """Whether the ledger must be migrated before this program can use it."""
        return self.schema < SCHEMA_VERSION

    @property
    def is_too_new(self) -> bool:
        """Whether the ledger has this program's functions no more."""
        return self.oldest_functions > FUNCTIONS_VERSION


def stored_version(raw: Any, address: ServerAddress) -> StoredVersion:
    """Return the version of a ledger whose schema is the `search_path`. Raises LedgerCorruptError."""
    row = raw.execute(texts()["schema_of"]).fetchone()
    schema, may_write, oldest = row or ("", False, "")
    return version_of(address, schema, oldest, may_write=may_write)


def version_of(
    address: ServerAddress, schema: str, oldest: str | None, *, may_write: bool = False
) -> StoredVersion:
    """Return the version that the texts of `meta` mean. Raises LedgerCorruptError."""
    if not schema.isdecimal() or not (oldest or "1").isdecimal():
        raise LedgerCorruptError(
            address.name,
            "its table meta contains no schema version",
            "use another schema: ?schema=NAME",
        )
    return StoredVersion(int(schema), bool(may_write), int(oldest or "1"))
