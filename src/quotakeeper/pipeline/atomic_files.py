"""Writes files completely or not at all, and shortens file names so that they stay different."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from contextlib import suppress
from pathlib import Path

_MOST_NAME_BYTES = 240
_turns = itertools.count(1)


def scratch_beside(path: Path) -> Path:
    """Return a new name for a temporary file in the folder of `path`.

    The name is different for each process and each call.
    """
    return path.with_name(f".qk-{os.getpid()}-{next(_turns)}.tmp")


def write_atomically(path: Path, text: str) -> None:
    """Replace a file in one step, so that a reader sees only the whole old or the whole new content."""
    scratch = scratch_beside(path)
    try:
        with scratch.open("x", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, path)
    except BaseException:
        with suppress(OSError):
            scratch.unlink()
        raise


def write_json(path: Path, value: object) -> None:
    """Write a value as an indented JSON file, in one step."""
    write_atomically(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def read_json(path: Path) -> dict[str, object] | None:
    """Return the JSON object in a file; None if the file cannot be read or has no JSON object."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def short_stem(stem: str) -> str:
    """Return `stem`, shortened if it is too long for a file name with a suffix.

    A shortened name ends with a hash of the full name.
    """
    coded = os.fsencode(stem)
    if len(coded) <= _MOST_NAME_BYTES:
        return stem
    digest = hashlib.sha256(coded).hexdigest()[:10]
    kept = coded[: _MOST_NAME_BYTES - 11].decode("utf-8", "ignore")
    return f"{kept}~{digest}"
