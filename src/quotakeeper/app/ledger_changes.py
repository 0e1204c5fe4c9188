"""Reads the state of a ledger's files, so that a command can find out whether anything was written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from quotakeeper.wiring import ledger_path

if TYPE_CHECKING:
    from quotakeeper.config import Settings

FilesState = dict[str, tuple[int, int, int]]


def files_state(settings: Settings) -> FilesState | None:
    """Return inode, size and time of change of each file of a ledger, by name.

    These include the write-ahead log, and the files of calls that the ledger has not booked yet. If two
    states are equal, nothing was written in between. Returns None if the ledger is not a file, or if its
    folder cannot be read.
    """
    path = ledger_path(settings)
    if path is None:
        return None
    found: FilesState = {}
    try:
        with os.scandir(path.parent) as entries:
            for entry in entries:
                if entry.name.startswith(path.name):
                    about = entry.stat()
                    found[entry.name] = (about.st_ino, about.st_size, about.st_mtime_ns)
    except FileNotFoundError:
        return {}
    except OSError:
        return None
    return found
