"""Makes the tables of a ledger in PostgreSQL, and checks their version."""

from __future__ import annotations

from typing import Any, NamedTuple

from quotakeeper.errors import LedgerCorruptError, LedgerUnavailableError, LedgerVersionError
from quotakeeper.stores.postgres.dialect import texts
from quotakeeper.stores.postgres.dsn import ServerAddress
from quotakeeper.stores.sql.statements import read_sql

SCHEMA_VERSION = 1
_OLDEST_SERVER = 150_000


class Prepared(NamedTuple):
    """The state of a ledger's tables: whether they are new, and whether this user may write."""

    is_new: bool
    may_write: bool


def prepare(raw: Any, address: ServerAddress) -> Prepared:
    """Make the tables if there are none, and check their version.

    Raises LedgerError and errors of the driver.
    """
    is_new = not _is_there(raw, address) and _make(raw, address)
    return Prepared(is_new, _checked(raw, address))


def creation_sql(schema: str) -> str:
    """Return the SQL that makes a ledger's schema and tables. It must run in one transaction.

    `schema` must be a plain name, as `parse_dsn` checks.
    """
    return f"""DO $$ BEGIN
  IF to_regnamespace('"{schema}"') IS NULL THEN CREATE SCHEMA "{schema}"; END IF;
END $$;
SET LOCAL search_path = "{schema}";

""" + "\n".join(
        read_sql("quotakeeper.stores.postgres", f"schema/{name}")
        for name in ("schema_1", "additions")
    )


def _is_there(raw: Any, address: ServerAddress) -> bool:
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
        if _is_there(raw, address):
            return False
        raw.execute(creation_sql(address.schema))
        return True


def _checked(raw: Any, address: ServerAddress) -> bool:
    """Return whether this user may write. Raises LedgerError for tables of an unknown version."""
    sql = texts()
    with raw.transaction():
        raw.execute(sql["set_path"], {"schema": address.schema})
        row = raw.execute(sql["schema_of"]).fetchone()
    if row is None or not row[0].isdecimal():
        raise LedgerCorruptError(
            address.name,
            "its table meta contains no schema version",
            "use another schema: ?schema=NAME",
        )
    if int(row[0]) > SCHEMA_VERSION:
        raise LedgerVersionError(
            address.name, f"has schema version {row[0]}; this quotakeeper supports versions up "
                          f"to {SCHEMA_VERSION}",
            "upgrade quotakeeper: pip install -U quotakeeper",
        )  # fmt: skip
    return bool(row[1])
