"""Checks that the ledger named by the user exists. If not, the error suggests a similar name."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from quotakeeper.config import Settings
from quotakeeper.errors import InvalidInputError
from quotakeeper.known_names import nearest
from quotakeeper.wiring import ledger_path

# Suffixes of files beside a ledger. These files hold calls that are not in the ledger yet.
_NOT_IN_IT_YET = (".lease-", ".ended-", ".spool-", ".bad-")
_SQLITE = b"SQLite format 3\0"  # sqlite.org/fileformat2.html, "Magic Header String"


def check_is_there(settings: Settings) -> None:
    """Raise InvalidInputError if the ledger named on the command line does not exist.

    Without this check, a misspelt name would create an empty ledger, even for a command that only
    reads.
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
        fix = "give the path of an existing ledger; the first call of a program creates one"
    raise InvalidInputError("--ledger", f"there is no file {path}", fix)


def check_all_is_in_it(path: Path | None) -> None:
    """Raise InvalidInputError if files beside the ledger hold calls that are not in the ledger yet."""
    if path is None:
        return
    left = [p.name for end in _NOT_IN_IT_YET for p in path.parent.glob(f"{path.name}{end}*")]
    if left:
        raise InvalidInputError(
            "ledger", "the ledger does not yet contain all calls of programs that have ended "
                      f"({left[0]})",
            "run quotakeeper status, then try again; see: quotakeeper doctor --paths",
        )  # fmt: skip


def _ledgers_in(folder: Path) -> list[str]:
    """Return the names of the SQLite files in a folder."""
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
