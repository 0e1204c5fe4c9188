"""Moves a ledger between files and PostgreSQL servers."""

from __future__ import annotations

from pathlib import Path

from quotakeeper.app.ledger_presence import check_all_is_in_it
from quotakeeper.app.records.settings import redacted
from quotakeeper.config import Settings
from quotakeeper.errors import InvalidInputError
from quotakeeper.ledger_copying import copy_ledger
from quotakeeper.value_classes import dataclass, replace
from quotakeeper.wiring import host_files, is_on_server, ledger_path, open_server, open_store


@dataclass(frozen=True, slots=True)
class MovedLedger:
    """The result of a move: the source, the new ledger, and the number of copied entries.

    `is_frozen` is whether the source is on a server, which refuses every write from now on.
    """

    source: str
    ledger: str
    entries: int
    is_frozen: bool


def move_ledger(settings: Settings, source: str) -> MovedLedger:
    """Copy the ledger `source`, a file or a URL, to the ledger that the settings name, and compare.

    A source file does not change. A source on a server is frozen. Raises InvalidInputError in these
    cases:

    - The source does not exist, has a problem, or has an open call.
    - Another program uses the source file.
    - Files of this host hold calls that the source does not have yet.
    - The source is on a server and was moved before.
    - The new ledger is not empty, or is a file that exists.

    Raises LedgerError if the copy fails. Then the source takes calls as before. Only after
    OutcomeUnknownError does a server stay frozen, because the copy may be complete.
    """
    origin = replace(settings, ledger=source)
    on_server = is_on_server(origin)
    if on_server:
        check_all_is_in_it(host_files(origin))  # those of other hosts are not seen here
    else:
        path = Path(source).expanduser().absolute()
        if not path.is_file():
            raise InvalidInputError(
                "--from", f"there is no ledger {path}", "give the path of a ledger file"
            )
        check_all_is_in_it(path)
        origin = replace(settings, ledger=str(path))
    target = None if is_on_server(settings) else ledger_path(settings)
    if target is not None and target.exists():
        raise InvalidInputError("--ledger", f"{target} already exists", "name a new file")
    _check_source(origin)
    entries = copy_ledger(origin, settings)
    shown = redacted(origin.ledger)
    return MovedLedger(shown, redacted(settings.ledger), entries, on_server)


def _check_source(origin: Settings) -> None:
    """Raise InvalidInputError if the source has open calls, or a problem."""
    source = open_store(origin)
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


def unfreeze_ledger(settings: Settings) -> str:
    """Let a ledger on a server take calls again after a move. Returns where it was moved to; "" if it
    was not frozen.
    """
    return open_server(settings).unfreeze()
