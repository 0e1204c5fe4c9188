"""Carries out the steps of the schema that a ledger in PostgreSQL does not have yet."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from typing import Any

from quotakeeper.errors import InvalidInputError, LedgerUnavailableError
from quotakeeper.stores.postgres.dialect import texts
from quotakeeper.stores.postgres.driver import driver, open_connection
from quotakeeper.stores.postgres.dsn import ServerAddress
from quotakeeper.stores.postgres.errors import translated
from quotakeeper.stores.postgres.migrations import (
    STEPS,
    SchemaStep,
    has_ledger,
    step_sql,
    stored_version,
)
from quotakeeper.stores.postgres.owners import DEAD_AFTER_SECONDS
from quotakeeper.value_classes import dataclass

# For locks. A step waits for long reads while it holds writers up, so it gives up after this time.
_PATIENCE = "2s"


@dataclass(frozen=True, slots=True)
class Migrated:
    """The schema version of a ledger before and after its steps.

    `is_held_back` is whether the next step was left out because it drops functions.
    """

    before: int
    after: int
    is_held_back: bool = False


@dataclass(frozen=True, slots=True)
class Contracting:
    """Whether steps that drop functions are wanted, and this also while programs call them."""

    is_wanted: bool = False
    ignores_programs: bool = False


def migrate(address: ServerAddress, contracting: Contracting, now: int) -> Migrated:
    """Carry out the missing steps, each in one transaction. Programs count calls meanwhile.

    Without `contracting.is_wanted`, stops before the first step that drops functions. `now` is the
    clock of this machine. Raises InvalidInputError if there is no ledger, or if processes call the
    functions that a step drops, and LedgerError.
    """
    try:
        with closing(open_connection(address.parameters, prepares=False)) as raw:
            before = schema = _stored_schema(raw, address)
            while step := _next_step(schema, contracting):
                schema = _carried_out(raw, address, step, contracting, now)
    except driver().errors.InsufficientPrivilege as error:
        raise LedgerUnavailableError(
            address.name, "this user does not own it, so it cannot change the schema",
            "run it as the owner; or give the owner the output of: quotakeeper ledger migrate --sql",
        ) from error  # fmt: skip
    except (driver().Error, OSError) as error:
        raise translated(address, error) from error
    return Migrated(before, schema, schema < STEPS[-1].number)


def migration_sql(address: ServerAddress, contracting: Contracting) -> str:
    """Return the SQL of the steps that `migrate` would carry out; "" if there are none.

    It does not check which programs run. Raises InvalidInputError and LedgerError.
    """
    try:
        with closing(open_connection(address.parameters, prepares=False)) as raw:
            schema = _stored_schema(raw, address)
    except (driver().Error, OSError) as error:
        raise translated(address, error) from error
    parts: list[str] = []
    while step := _next_step(schema, contracting):
        schema = step.number
        parts.append(f"""BEGIN;
SET LOCAL search_path = "{address.schema}", pg_temp;
SET LOCAL lock_timeout = '{_PATIENCE}';
{step_sql(step)}COMMIT;
""")
    return "\n".join(parts)


def _next_step(schema: int, contracting: Contracting) -> SchemaStep | None:
    """Return the step after a schema version; None if there is none that is wanted."""
    step = next((step for step in STEPS if step.number == schema + 1), None)
    return None if step is None or (step.drops and not contracting.is_wanted) else step


def _stored_schema(raw: Any, address: ServerAddress) -> int:
    with raw.transaction():
        if not has_ledger(raw, address):
            raise InvalidInputError(
                "ledger", "has no tables yet", "create them: quotakeeper ledger init"
            )
        raw.execute(texts()["set_path"], {"schema": address.schema})
        return stored_version(raw, address).schema


def _carried_out(
    raw: Any, address: ServerAddress, step: SchemaStep, contracting: Contracting, now: int
) -> int:
    """Carry out a step, unless another migration has just done it. Returns the schema version."""
    sql = texts()
    with raw.transaction():
        raw.execute(sql["set_locally"], {"schema": address.schema, "patience": _PATIENCE})
        raw.execute(sql["lock_making"], {"schema": address.schema})
        found = stored_version(raw, address).schema
        if found + 1 != step.number:
            return found
        if step.drops and not contracting.ignores_programs:
            _check_programs(raw, step, now)
        raw.execute(step_sql(step))  # gate-ok(sql): a file of the package
    return step.number


def _check_programs(raw: Any, step: SchemaStep, now: int) -> None:
    """Raise InvalidInputError if processes were seen lately that call what the step drops.

    From then on the head row is locked. So no other process begins before the step is done.
    """
    sql = texts()
    raw.execute(sql["lock_for_copy"])
    values = (step.drops, now, DEAD_AFTER_SECONDS * 1_000_000)
    hosts = Counter(row[0] or "?" for row in raw.execute(sql["old_programs"], values))
    if hosts:
        named = ", ".join(f"{host} ({count})" for host, count in hosts.items())
        raise InvalidInputError(
            "--contract",
            f"older programs still use the ledger; their hosts and processes: {named}",
            "upgrade or end them, and try again; or refuse their calls from now on: --anyway",
        )
