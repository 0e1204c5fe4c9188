"""The driver psycopg 3: loaded where a ledger in PostgreSQL is used, and nowhere else."""

from __future__ import annotations

from functools import cache
from typing import Any

from quotakeeper.errors import MissingExtraError


@cache
def driver() -> Any:
    """The module psycopg. Raises MissingExtraError, with the line that installs it."""
    try:
        import psycopg  # noqa: PLC0415 - an extra
    except ImportError:  # it is not there, or finds no libpq
        raise MissingExtraError("postgres", "a ledger in PostgreSQL") from None
    return psycopg


@cache
def in_schema(text: str, schema: str) -> str:
    """A statement with the quoted name of a schema where it says `ledger_schema`."""
    from psycopg.sql import Identifier  # noqa: PLC0415 - as above

    return text.replace("ledger_schema", Identifier(schema).as_string(None))


def open_connection(parameters: dict[str, str], *, prepares: bool) -> Any:
    """A connection without transactions of the driver's own. Raises errors of the driver."""
    psycopg = driver()
    from psycopg.types.numeric import Int8Dumper  # noqa: PLC0415 - as above
    from psycopg.types.string import StrDumper  # noqa: PLC0415

    connection = psycopg.connect(**parameters, autocommit=True)
    if not prepares:
        connection.prepare_threshold = None
    # One type for all numbers and one for all texts: else each size makes a statement of its own.
    connection.adapters.register_dumper(int, Int8Dumper)
    connection.adapters.register_dumper(str, StrDumper)
    return connection
