"""Opens the virtual keys in the database of a ledger. No other module chooses their store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quotakeeper.clocks import zone_named
from quotakeeper.config import Settings
from quotakeeper.errors import InvalidInputError
from quotakeeper.wiring import is_on_server, ledger_path

if TYPE_CHECKING:
    from quotakeeper.domain.keys.key_store import KeyStore


def open_keys(settings: Settings) -> KeyStore:
    """Return the virtual keys of the ledger. Nothing is opened before their first use.

    Raises InvalidInputError for a ledger in memory, and ConfigError.
    """
    if is_on_server(settings):
        from quotakeeper.stores.postgres.driver import driver  # noqa: PLC0415 - only one is used
        from quotakeeper.stores.postgres.dsn import parse_dsn  # noqa: PLC0415
        from quotakeeper.stores.postgres.key_store import PostgresKeys  # noqa: PLC0415

        address = parse_dsn(settings.ledger)
        driver()  # raises now if the library is missing
        return PostgresKeys(address)
    path = ledger_path(settings)
    if path is None:
        raise InvalidInputError(
            "ledger", "is in memory, so it cannot have virtual keys",
            "name a file or a server: --ledger PATH",
        )  # fmt: skip
    from quotakeeper.stores.sqlite.key_store import SqliteKeys  # noqa: PLC0415 - as above

    # A revoked key must stay revoked after a power cut, whatever the calls need.
    return SqliteKeys(path, zone_named, durability="power", group=_group(settings.ledger_group))


def _group(name: str) -> int | None:
    if not name:
        return None
    from quotakeeper.file_sharing import group_id  # noqa: PLC0415 - few ledgers are shared

    return group_id(name)
