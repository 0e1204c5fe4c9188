"""Writes an export file completely, or leaves the old file unchanged."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TextIO

from quotakeeper.errors import InvalidInputError, QuotakeeperError
from quotakeeper.file_safety import NO_FOLLOW, why_not_ours


def write_file(path: Path, write: Callable[[TextIO], int], *, mark: bool = False) -> int:
    """Call `write` to fill the file at `path` (UTF-8). Returns what `write` returns.

    The file is written under a temporary name in the same folder, then renamed. A pipe or device is
    written to directly. Only the owner can read a new file; an existing file keeps its mode. With
    `mark`, the file starts with a byte order mark, so that Excel reads it as UTF-8.

    Raises InvalidInputError if the file cannot be written. Also raises InvalidInputError if `path`
    is in a shared folder and belongs to another user.
    """

    def fill(raw: BinaryIO) -> int:
        text = io.TextIOWrapper(raw, encoding="utf-8-sig" if mark else "utf-8", newline="")
        try:
            count = write(text)
            text.flush()
        finally:
            text.detach()
        return count

    return _filled(path, fill)


def write_bytes(path: Path, data: bytes) -> None:
    """Write bytes to the file at `path`, with the same guarantees as `write_file`."""
    _filled(path, lambda raw: raw.write(data))


def _filled(path: Path, fill: Callable[[BinaryIO], int]) -> int:
    target = Path(os.path.realpath(path))
    for name in (path, target):
        why = why_not_ours(name)
        if why:
            raise InvalidInputError(
                "out", f"{path} {why}", "choose a file in a folder that belongs to you"
            )
    try:
        if target.exists() and not target.is_file():
            if target.is_dir():
                raise InvalidInputError(
                    "out", f"{path} is a folder", ("give the name of a file in that folder")
                )
            with open(target, "wb") as stream:
                return fill(stream)
        partial = target.with_name(f".{target.name[:100]}.{os.getpid()}.part")
        try:
            mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o600
            partial.unlink(missing_ok=True)  # left by a dead process with the same process id
            fd = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_FOLLOW, 0o600)
            with open(fd, "wb") as stream:
                if hasattr(os, "fchmod"):
                    os.fchmod(fd, mode)
                count = fill(stream)
            os.replace(partial, target)
        finally:
            partial.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        if isinstance(error, QuotakeeperError | BrokenPipeError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidInputError(
            "out", f"{path} cannot be written: {reason}", "choose a folder that you can write to"
        ) from error
    return count
