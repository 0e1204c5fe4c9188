"""Copies a ledger between files and servers. Settings name the source and the target."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from quotakeeper.clocks import zone_named
from quotakeeper.config import Settings
from quotakeeper.errors import InvalidInputError
from quotakeeper.identifiers import new_owner
from quotakeeper.wiring import is_on_server, ledger_path, open_server

if TYPE_CHECKING:
    from quotakeeper.stores.sql.copying import CopySource


def copy_ledger(source: Settings, target: Settings) -> int:
    """Copy the ledger that `source` names to the one that `target` names. Returns the number of
    entries.

    No other program may use the source meanwhile. A source on a server is frozen, and stays so. The
    target must be empty, or a file that does not exist yet. Raises InvalidInputError, and
    LedgerError.
    """
    into = _copier_to_server(target) if is_on_server(target) else _copier_to_file(target)
    if is_on_server(source):
        from quotakeeper.stores.postgres.dsn import parse_dsn  # noqa: PLC0415 - only one store is used
        from quotakeeper.stores.postgres.moving import frozen  # noqa: PLC0415

        with frozen(parse_dsn(source.ledger), _shown(target)) as ledger:
            return into(ledger)
    from quotakeeper.stores.sqlite.sole_reader import SoleReader  # noqa: PLC0415 - as above

    path = ledger_path(source)
    assert path is not None, "a ledger in memory is not a source"
    store = SoleReader(path, zone_named, owner=new_owner())
    try:
        return store.read_alone(into)
    finally:
        store.close()


def _copier_to_server(target: Settings) -> Callable[[CopySource], int]:
    from quotakeeper.stores.postgres.dsn import parse_dsn  # noqa: PLC0415 - as above
    from quotakeeper.stores.postgres.moving import take_over  # noqa: PLC0415

    address = parse_dsn(target.ledger)
    return lambda ledger: take_over(ledger, address, zone_named)


def _copier_to_file(target: Settings) -> Callable[[CopySource], int]:
    from quotakeeper.stores.sqlite.moving import take_over_to_file  # noqa: PLC0415 - as above

    path = ledger_path(target)
    if path is None:
        raise InvalidInputError("--ledger", "is in memory", "name a new file, or a server")
    return lambda ledger: take_over_to_file(ledger, path, zone_named)


def _shown(settings: Settings) -> str:
    """The location of a ledger, without a password."""
    return open_server(settings).name if is_on_server(settings) else str(ledger_path(settings))
