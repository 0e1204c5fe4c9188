"""Writing files so that they are whole or not there, and naming them so that none is lost."""

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
    """The name of a temporary file beside another one, used by nobody else."""
    return path.with_name(f".qk-{os.getpid()}-{next(_turns)}.tmp")


def write_atomically(path: Path, text: str) -> None:
    """Replace a file in one step: whoever reads it sees all of the old or all of the new."""
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
    """A JSON file for people and programs."""
    write_atomically(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def read_json(path: Path) -> dict[str, object] | None:
    """The JSON object in a file, or None when there is none."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def short_stem(stem: str) -> str:
    """A file name's stem that still has room for an ending; a cut one keeps a hash of the whole."""
    coded = os.fsencode(stem)
    if len(coded) <= _MOST_NAME_BYTES:
        return stem
    digest = hashlib.sha256(coded).hexdigest()[:10]
    kept = coded[: _MOST_NAME_BYTES - 11].decode("utf-8", "ignore")
    return f"{kept}~{digest}"
