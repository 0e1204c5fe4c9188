"""Checks that a ledger named by the user exists, and suggests another name if it does not."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from quotakeeper.config import Settings
from quotakeeper.errors import InvalidInputError
from quotakeeper.known_names import nearest
from quotakeeper.wiring import ledger_path

_SQLITE = b"SQLite format 3\0"  # sqlite.org/fileformat2.html, "Magic Header String"


def check_is_there(settings: Settings) -> None:
    """Raise InvalidInputError if a ledger named on the command line does not exist.

    Without this check, a command that only reads would create an empty ledger under a misspelt
    name.
    """
    path = ledger_path(settings)
    if path is None or settings.origins.get("ledger") != "argument" or path.exists():
        return
    others = _ledgers_in(path.parent)
    near = nearest(path.name, others, cutoff=0.4)
    if near:
        fix = f"did you mean {str(path.with_name(near))!r}?"
    elif others:
        fix = f"ledgers in that folder: {', '.join(sorted(others)[:5])}"
    else:
        fix = "name a ledger that is there; the first call of a program makes one"
    raise InvalidInputError("--ledger", f"there is no file {path}", fix)


def _ledgers_in(folder: Path) -> list[str]:
    """The names of the files in a folder that start with SQLite's header."""
    found = []
    with suppress(OSError):
        for entry in folder.iterdir():
            with suppress(OSError):
                if entry.is_file() and _begins_as_sqlite(entry):
                    found.append(entry.name)
    return found


def _begins_as_sqlite(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE
