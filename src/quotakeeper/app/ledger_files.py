"""Makes backups and compactions of a ledger, and checks that no output file overwrites the ledger."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from quotakeeper.app.records.instants import rfc3339
from quotakeeper.app.records.settings import redacted
from quotakeeper.config import Settings
from quotakeeper.domain.windows import moment
from quotakeeper.errors import InvalidInputError
from quotakeeper.file_safety import why_not_ours
from quotakeeper.keeper import engine_of
from quotakeeper.schemas import Schema
from quotakeeper.value_classes import dataclass, replace
from quotakeeper.wiring import is_on_server, ledger_path, open_store

if TYPE_CHECKING:
    from quotakeeper import Keeper

_ENDINGS = ("", "-wal", "-shm", ".lock")
_WITH_DATA = ("", "-wal")


@dataclass(frozen=True, slots=True)
class CompactionResult:
    """The result of a compaction: the calls before `before_at` were deleted.

    `calls` and `entries` are the numbers of deleted calls and entries. Sizes are in bytes, or None
    for a ledger on a server.
    """

    ledger: str
    zone: tzinfo
    before_at: int
    calls: int
    entries: int
    bytes_before: int | None
    bytes_after: int | None


@dataclass(frozen=True, slots=True)
class BackupResult:
    """A copy of a ledger: its file, the size in bytes, and the problems that `verify` found in the
    copy."""

    ledger: str
    file: Path
    bytes: int
    problems: tuple[str, ...]


def back_up_ledger(
    settings: Settings, open_keeper: Callable[[], Keeper], out: str | None, *, force: bool = False
) -> BackupResult:
    """Copy a ledger while other programs use it, and verify the copy.

    The copy gets its final name when it is complete. Without `out`, the copy is written to the
    ledger's folder, and its name contains the time.

    Raises InvalidInputError if there is no ledger file, or if the output file exists and `force` is
    False. Raises LedgerError if the ledger cannot be copied.
    """
    path = ledger_path(settings)
    if path is not None and not path.exists():
        fix = "give an existing ledger with --ledger PATH"
        raise InvalidInputError("--ledger", f"there is no ledger {path}", fix)
    with open_keeper() as keeper:
        now = f"{moment(keeper.now(), keeper.zone):%Y%m%d-%H%M%S}"
        name = f"{path.stem if path else 'ledger'}-{now}.backup.db"
        target = Path(out).expanduser() if out else (path or Path("ledger")).with_name(name)
        target = target / name if target.is_dir() else target
        _check_free(target, settings, force=force)
        partial = target.with_name(f".{target.name[:100]}.{os.getpid()}.part")
        try:
            engine_of(keeper).reads.back_up(str(partial))
            problems = open_store(replace(settings, ledger=str(partial))).verify()
            os.replace(partial, target)
        except OSError as error:
            problem = f"{target} cannot be written: {error.strerror or error}"
            raise InvalidInputError(
                "FILE", problem, "choose a folder that you can write to"
            ) from error
        finally:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
    texts = tuple(each.what for each in problems)
    return BackupResult(settings.ledger, target, target.stat().st_size, texts)


def _check_free(target: Path, settings: Settings, *, force: bool) -> None:
    check_not_the_ledger(str(target), settings, "FILE")
    why = why_not_ours(target)
    if why:
        raise InvalidInputError(
            "FILE", f"{target} {why}", "choose a file in a folder that belongs to you"
        )
    if not target.parent.is_dir():
        raise InvalidInputError("FILE", f"there is no folder {target.parent}", "make it first")
    if target.exists() and not (force and target.is_file()):
        fix = "choose another file, or replace this one with --force"
        raise InvalidInputError("FILE", f"{target} already exists", fix)


def backup_record(done: BackupResult) -> dict[str, object]:
    """Return a backup as a JSON record."""
    return {
        "schema": Schema.BACKUP,
        "ledger": redacted(done.ledger),
        "file": str(done.file),
        "bytes": done.bytes,
        "ok": not done.problems,
        "problems": list(done.problems),
    }


def check_not_the_ledger(out: str, settings: Settings, field: str = "out") -> None:
    """Raise InvalidInputError if the output file `out` is one of the ledger's own files.

    `field` is the name of the option in the error.
    """
    path = ledger_path(settings)
    if path is None:
        return
    files = {os.path.realpath(f"{path}{end}") for end in _ENDINGS}
    if os.path.realpath(out) in files:
        raise InvalidInputError(field, f"{out} is the ledger itself", "name another file")


def size_on_disk(path: Path | None) -> int:
    """Return the size of a ledger and its write-ahead log in bytes; 0 for a ledger in memory."""
    if path is None:
        return 0
    files = [path.with_name(path.name + end) for end in _WITH_DATA]
    return sum(file.stat().st_size for file in files if file.exists())


def compact_ledger(
    open_keeper: Callable[[], Keeper], keep_days: int, *, shrink: bool = False
) -> CompactionResult:
    """Delete the individual calls older than `keep_days` days. The result has the size before and after.

    With `shrink`, the file is made smaller too. Raises InvalidInputError if `keep_days` is too
    small.
    """
    with open_keeper() as keeper:
        path, zone = ledger_path(keeper.settings), keeper.zone
        ledger = redacted(keeper.settings.ledger)
        keeper.status(forecasts=False)
        is_file = not is_on_server(keeper.settings)
        before = size_on_disk(path) if is_file else None
        done = keeper.compact(keep_days, shrink=shrink)
    # SQLite moves the write-ahead log into the ledger when the ledger is closed.
    after = size_on_disk(path) if is_file else None
    return CompactionResult(ledger, zone, done.before_at, done.calls, done.entries, before, after)


def compaction_record(done: CompactionResult) -> dict[str, object]:
    """Return a compaction as a JSON record."""
    return {
        "schema": Schema.COMPACT,
        "ledger": done.ledger,
        "kept_from": rfc3339(done.before_at),
        "calls": done.calls,
        "entries": done.entries,
        "bytes_before": done.bytes_before,
        "bytes_after": done.bytes_after,
    }
