"""The files of a ledger: how large they are, and that nothing else is written into them."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from quotakeeper.app.records.instants import rfc3339
from quotakeeper.config import Settings
from quotakeeper.errors import InvalidInputError
from quotakeeper.schemas import Schema
from quotakeeper.value_classes import dataclass
from quotakeeper.wiring import ledger_path

if TYPE_CHECKING:
    from quotakeeper import Keeper

_ENDINGS = ("", "-wal", "-shm", ".lock")
_WITH_DATA = ("", "-wal")


@dataclass(frozen=True, slots=True)
class CompactionResult:
    """What a compaction came to: calls from before `before_at` were deleted, sizes are in bytes."""

    ledger: str
    zone: tzinfo
    before_at: int
    calls: int
    entries: int
    bytes_before: int
    bytes_after: int


def check_not_the_ledger(out: str, settings: Settings, field: str = "out") -> None:
    """Raise InvalidInputError when a file to write is one of the ledger's own."""
    path = ledger_path(settings)
    if path is None:
        return
    files = {os.path.realpath(f"{path}{end}") for end in _ENDINGS}
    if os.path.realpath(out) in files:
        raise InvalidInputError(field, f"{out} is the ledger itself", "name another file")


def size_on_disk(path: Path | None) -> int:
    """The bytes of a ledger and of its write-ahead log; 0 when it is in memory."""
    if path is None:
        return 0
    files = [path.with_name(path.name + end) for end in _WITH_DATA]
    return sum(file.stat().st_size for file in files if file.exists())


def compact_ledger(
    open_keeper: Callable[[], Keeper], keep_days: int, *, shrink: bool = False
) -> CompactionResult:
    """Delete single calls older than `keep_days` days and measure the files before and after.

    Raises InvalidInputError for too few days.
    """
    with open_keeper() as keeper:
        path, ledger, zone = ledger_path(keeper.settings), keeper.settings.ledger, keeper.zone
        keeper.status(forecasts=False)
        before = size_on_disk(path)
        done = keeper.compact(keep_days, shrink=shrink)
    # Only a closed ledger has what was in its write-ahead log.
    after = size_on_disk(path)
    return CompactionResult(ledger, zone, done.before_at, done.calls, done.entries, before, after)


def compaction_record(done: CompactionResult) -> dict[str, object]:
    """A compaction as plain values."""
    return {
        "schema": Schema.COMPACT,
        "ledger": done.ledger,
        "kept_from": rfc3339(done.before_at),
        "calls": done.calls,
        "entries": done.entries,
        "bytes_before": done.bytes_before,
        "bytes_after": done.bytes_after,
    }
