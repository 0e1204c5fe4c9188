"""Makes the store for the URL of a ledger."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.stores.postgres.driver import driver
from quotakeeper.stores.postgres.dsn import ServerAddress, parse_dsn
from quotakeeper.stores.postgres.server_watch import Demands
from quotakeeper.stores.postgres.store import PostgresStore


def store_for(
    url: str, zones: ZoneFinder, owner: str, *, folder: Path | None, must_be_replicated: bool,
    admits_loss: bool,
) -> PostgresStore:  # fmt: skip
    """Return the store of a ledger, without connecting to its server.

    `folder` is where this machine keeps what it has seen of ledgers on servers; see Demands for the
    others. Raises ConfigError for a URL that is not valid, and if the driver is missing.
    """
    address = parse_dsn(url)
    driver()  # raises now, not at the first call, if the library is missing
    demands = Demands(must_be_replicated, admits_loss, folder and seen_file(folder, address))
    return PostgresStore(address, zones, owner=owner, demands=demands)


def seen_file(folder: Path, address: ServerAddress) -> Path:
    """Return the path of the file about a ledger; see LastSeen. The name has no password."""
    digest = sha256(address.name.encode()).hexdigest()[:16]
    return folder / f"{digest}.seen"
