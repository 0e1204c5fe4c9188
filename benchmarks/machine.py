"""Describes the machine of a measurement, without the machine's name or its user's."""

from __future__ import annotations

import os
import platform
import sqlite3
import tempfile
from pathlib import Path

from benchmarks.measuring import seconds

_TIMES = 300


def machine() -> dict[str, object]:
    """Processor, memory, disk, Python, SQLite, and the load of the machine."""
    return {
        "cores": os.cpu_count(),
        "cpu": _processor(),
        "memory_gib": _memory(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "sqlite": sqlite3.sqlite_version,
        "fdatasync_per_s": round(syncs()),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def syncs() -> float:
    """How many times per second the disk of the temporary folder confirms an append of 4 KiB."""
    with tempfile.TemporaryDirectory(prefix="quotakeeper-bench-") as folder:
        return synced(Path(folder))


def synced(folder: Path) -> float:
    """The same for the given folder."""
    path = folder / os.urandom(6).hex()
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    sync = getattr(os, "fdatasync", os.fsync)

    def run() -> None:
        for _ in range(_TIMES):
            os.write(fd, b"x" * 4096)
            sync(fd)

    try:
        return _TIMES / seconds(run)
    finally:
        os.close(fd)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def _memory() -> int | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
    except (AttributeError, ValueError, OSError):
        return None
