"""The driver psycopg 3. It is loaded only when a ledger in PostgreSQL is used."""

from __future__ import annotations

from functools import cache
from typing import Any

from quotakeeper.errors import MissingExtraError


@cache
def driver() -> Any:
    """Return the module psycopg. Raises MissingExtraError, which says how to install it."""
    try:
        import psycopg  # noqa: PLC0415 - an extra
    except ImportError:  # psycopg is not installed, or does not find libpq
        raise MissingExtraError("postgres", "a ledger in PostgreSQL") from None
    return psycopg


@cache
def in_schema(text: str, schema: str) -> str:
    """Return a statement in which `ledger_schema` is replaced by the quoted name of the schema."""
    from psycopg.sql import Identifier  # noqa: PLC0415 - as above

    return text.replace("ledger_schema", Identifier(schema).as_string(None))


def literal(text: str) -> str:
    """Return a text as a literal of SQL, for statements that take no parameters."""
    from psycopg.sql import Literal  # noqa: PLC0415 - as above

    return Literal(text).as_string(None)


def open_connection(parameters: dict[str, str], *, prepares: bool) -> Any:
    """Open a connection in autocommit mode. Raises errors of the driver.

    With `prepares` False, no statement is prepared on the server.
    """
    psycopg = driver()
    from psycopg.types.numeric import Int8Dumper  # noqa: PLC0415 - as above
    from psycopg.types.string import StrDumper  # noqa: PLC0415

    connection = psycopg.connect(**parameters, autocommit=True)
    if not prepares:
        connection.prepare_threshold = None
    # One type for all numbers and one for all texts. Otherwise each size would be a new statement.
    connection.adapters.register_dumper(int, Int8Dumper)
    connection.adapters.register_dumper(str, StrDumper)
    return connection
