"""A next version of quotakeeper, for tests: it calls version 3 of the functions in the server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from quotakeeper.clocks import SystemClock
from quotakeeper.stores.postgres import dialect, migrating, migrations, owners
from quotakeeper.stores.postgres.administration import ServerLedger
from quotakeeper.stores.postgres.driver import open_connection
from quotakeeper.stores.postgres.dsn import parse_dsn
from quotakeeper.stores.postgres.migrating import Migrated

STEPS = (
    *migrations.STEPS,
    migrations.SchemaStep(5, "expand", package=__name__),
    migrations.SchemaStep(6, "contract", drops=2, package=__name__),
)


@contextmanager
def next_version() -> Iterator[None]:
    """Within this, the process is a program of the next version. Stores of before must not be used."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (dialect, migrations, owners):
            patch.setattr(module, "FUNCTIONS_VERSION", 3)
        for module in (migrations, migrating):
            patch.setattr(module, "STEPS", STEPS)
        patch.setattr(migrations, "SCHEMA_VERSION", 5)
        _forget_texts()
        try:
            yield
        finally:
            _forget_texts()


def _forget_texts() -> None:
    dialect.texts.cache_clear()
    dialect._dialect.cache_clear()


def rows(url: str, sql: str) -> list[Any]:
    """Carry out SQL. Returns the rows. Where it says `SCHEMA`, the ledger's schema is put in.

    Not through a pooler, tables need no schema.
    """
    address = parse_dsn(url)
    schema = f'"{address.schema}"'
    with closing(open_connection(address.parameters, prepares=False)) as raw:
        if "SCHEMA." not in sql:
            raw.execute(f"SET search_path = {schema}")
        found = raw.execute(sql.replace("SCHEMA.", f"{schema}."))
        return list(found) if found.description else []


def migrate(url: str, **how: bool) -> Migrated:
    """What a program of the next version does to a ledger."""
    with next_version():
        return ServerLedger(parse_dsn(url)).migrate(SystemClock().now(), **how)
