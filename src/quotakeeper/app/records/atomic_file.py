"""Write an export into a file: all of it or nothing, never a half-written one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from quotakeeper.errors import InvalidInputError, QuotakeeperError


def write_file(path: Path, write: Callable[[TextIO], int], *, mark: bool = False) -> int:
    """Let `write` fill the file at `path` (UTF-8) and return what it returns.

    The file is written beside its place and moved there when complete; a pipe or device is written
    to directly. With `mark` it starts with a byte order mark, by which Excel knows UTF-8.
    """
    encoding = "utf-8-sig" if mark else "utf-8"
    target = Path(os.path.realpath(path))
    try:
        if target.exists() and not target.is_file():
            if target.is_dir():
                raise InvalidInputError("out", f"{path} is a folder", "name a file in it")
            with open(target, "w", encoding=encoding, newline="") as stream:
                return write(stream)
        partial = target.with_name(f".{target.name[:100]}.{os.getpid()}.part")
        try:
            with open(partial, "w", encoding=encoding, newline="") as stream:
                count = write(stream)
            os.replace(partial, target)
        finally:
            partial.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        if isinstance(error, QuotakeeperError | BrokenPipeError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidInputError(
            "out", f"{path} cannot be written: {reason}", "name a folder that you may write in"
        ) from error
    return count
