"""Opens the store of a ledger on a server, and the folder for the files of this host."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from quotakeeper.clocks import zone_named
from quotakeeper.config import Settings
from quotakeeper.engine.worker.process_lifecycle import lifecycle
from quotakeeper.identifiers import boot_id, digest, host_name, new_owner

if TYPE_CHECKING:
    from quotakeeper.stores.postgres.store import PostgresStore


def host_files(settings: Settings) -> Path | None:
    """The path with which the names of this host's files for a ledger on a server begin.

    They are journals of calls that the ledger does not have yet. Each host has a folder of its own,
    in the data folder of this user; None if there is none. The store makes the folder when it has
    reached the server.
    """
    if settings.data_folder is None:
        return None
    from quotakeeper.stores.postgres.dsn import parse_dsn  # noqa: PLC0415 - as above

    address = parse_dsn(settings.ledger)
    folder = settings.data_folder / "hosts" / host_name()
    if (
        settings.on_store_failure == "allow"
    ):  # calls may have to be kept before the first connection
        with suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"{address.schema}-{digest(address.place)}"


def seen_file(settings: Settings) -> Path | None:
    """The path of the file with what this host has last seen of a ledger on a server."""
    files = host_files(settings)
    return None if files is None else files.with_name(f"{files.name}.seen")


def seen_commits(settings: Settings) -> int:
    """The number of commits that this host has seen of a ledger on a server; 0 if none."""
    from quotakeeper.stores.postgres.last_seen import LastSeen  # noqa: PLC0415 - as above

    return LastSeen(seen_file(settings)).position.version


def server_store(settings: Settings, beside: Path | None, durability: str = "") -> PostgresStore:
    """The store of a ledger on a server.

    `beside` is what `host_files` returns; None for a program that keeps no files on this host.
    `durability` is that of the settings unless it is given.
    """
    with lifecycle.undisturbed():
        from quotakeeper.stores.postgres.driver import driver  # noqa: PLC0415 - as above
        from quotakeeper.stores.postgres.dsn import parse_dsn  # noqa: PLC0415
        from quotakeeper.stores.postgres.owners import HostIdentity  # noqa: PLC0415
        from quotakeeper.stores.postgres.server_watch import Demands  # noqa: PLC0415
        from quotakeeper.stores.postgres.store import PostgresStore  # noqa: PLC0415

        address = parse_dsn(settings.ledger)
        driver()  # raises now, not at the first call, if the library is missing
        local = None
        if beside is not None:
            from quotakeeper.stores.local_processes import MarkedProcesses  # noqa: PLC0415

            local = MarkedProcesses(beside)
    identity = HostIdentity(host_name(), boot_id())
    demands = Demands(
        (durability or settings.durability) == "replicated",
        settings.asynchronous_replication == "allow",
        seen_file(settings),
    )
    return PostgresStore(
        address, zone_named, owner=new_owner(), identity=identity, local=local, demands=demands
    )
