"""Moves a ledger from a file to a PostgreSQL server."""

from __future__ import annotations

from pathlib import Path

from quotakeeper.app.ledger_presence import check_all_is_in_it
from quotakeeper.app.records.settings import redacted
from quotakeeper.config import Settings
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import dataclass, replace
from quotakeeper.wiring import copy_to_server, open_server, open_store


@dataclass(frozen=True, slots=True)
class MovedLedger:
    """The result of a move: the source file, the ledger on the server, and the number of copied
    entries."""

    source: str
    ledger: str
    entries: int


def move_ledger(settings: Settings, file: str) -> MovedLedger:
    """Copy the ledger file `file` to the empty ledger that the settings name, and compare both.

    The file does not change. Raises InvalidInputError in these cases:

    - The file does not exist, has a problem, or has an open call.
    - Another program uses the file.
    - The ledger on the server is not empty.

    Raises LedgerError if the copy fails.
    """
    open_server(settings)
    path = Path(file).expanduser().absolute()
    if not path.is_file():
        raise InvalidInputError(
            "--from", f"there is no ledger {path}", "give the path of a ledger file"
        )
    check_all_is_in_it(path)
    source = open_store(replace(settings, ledger=str(path)))
    try:
        count = source.open_count()
        problems = source.verify()
    finally:
        source.close()
    if count:
        raise InvalidInputError(
            "--from", f"has {count} open reservations", "end all programs that use it; when "
                                                        "their reservations have expired, run "
                                                        "quotakeeper status on it; then try again",
        )  # fmt: skip
    if problems:
        raise InvalidInputError(
            "--from", f"has a problem: {problems[0].what}", "see: quotakeeper verify"
        )
    entries = copy_to_server(path, settings)
    return MovedLedger(str(path), redacted(settings.ledger), entries)
