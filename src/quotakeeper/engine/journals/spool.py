"""The spool: calls that were sent while the ledger could not be used.

Calls get here with `on_store_failure = "allow"`. Each call is one line in a file beside the ledger,
synced to disk. It is booked as soon as the ledger can be used again. An event id counts once, so
booking a line twice does no harm.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from quotakeeper.domain.ledger.commands import Command, Failed, Record, Settle
from quotakeeper.engine.journals.booking import Apply, book_calls
from quotakeeper.engine.journals.codec import (
    NOT_OURS,
    checked_instant,
    checked_text,
    figures_data,
    figures_from,
    from_json,
    labels_data,
    labels_from,
    to_json,
)
from quotakeeper.engine.journals.lost_calls import LostCalls, RepeatedWarnings
from quotakeeper.errors import InvalidInputError, KeyConflictError, LedgerError
from quotakeeper.file_safety import open_ours, read_ours
from quotakeeper.identifiers import new_owner
from quotakeeper.native_threads import RLock
from quotakeeper.value_classes import dataclass, replace

_AT_ONCE = 500
# The most that is kept in memory while no file can be written: calls, and bytes of their lines.
MOST_CALLS = 10_000
MOST_BYTES = 8_000_000

log = logging.getLogger("quotakeeper.engine")


@dataclass(frozen=True, slots=True)
class _Spooled:
    """The usage of a spooled call. If `settles` is True, booking the call also ends its
    reservation."""

    record: Record
    settles: bool

    def commands(self) -> Sequence[Command]:
        """Return the commands that book the call; see KeptCall."""
        record = self.record
        return [Settle(record.id, record.figures) if self.settles else record]

    def instead(self, failed: Failed, *, first: bool) -> Record | None:
        """Return the record to book after the command failed, or None; see KeptCall."""
        if self.settles and isinstance(failed.error, InvalidInputError):
            return self.record  # the ledger does not have the reservation
        if not self.settles and isinstance(failed.error, KeyConflictError):
            # The reservation was made too late and was released, but the call was sent.
            return replace(self.record, id=f"{self.record.id[:240]}~spooled")
        return None


class Spool:
    """The calls that must still be booked. Without a ledger file, they are kept in memory only.

    Memory holds 10,000 calls or 8 MB. When it is full, `is_full` is true and no new call may be
    sent. Calls that end after this are counted as lost. When the process ends, calls in memory are
    written to the file. If this fails, they are lost too.
    `in_memory` are the calls in memory. `in_files` is True if there may be spool files to book.
    """

    def __init__(self, ledger: Path | None, owner: str) -> None:
        self._ledger = ledger
        self._path = ledger and ledger.with_name(f"{ledger.name}.spool-{owner}")
        self.in_memory: list[_Spooled] = []
        self.in_files = False
        self._bytes = 0
        self._lock = RLock()
        self._warnings = RepeatedWarnings(log)
        self.lost = LostCalls()

    @property
    def waiting(self) -> bool:
        """Whether there may be calls to book. Does not read the disk."""
        return self.in_files or bool(self.in_memory)

    @property
    def is_full(self) -> bool:
        """Whether the memory for waiting calls is full. The memory stays empty while the file can
        be written."""
        return len(self.in_memory) >= MOST_CALLS or self._bytes >= MOST_BYTES

    def after_fork(self) -> None:
        """Drop the calls in memory in a forked child, because the parent books and reports them."""
        self._lock = RLock()
        self.in_memory.clear()
        self._bytes = 0
        self.lost = LostCalls()
        self._warnings = RepeatedWarnings(log)

    def look(self) -> None:
        """Search for spool files of this process and of ended processes, and set `waiting`
        accordingly."""
        self.in_files = bool(self._files())

    def add(self, record: Record, *, settles: bool = False) -> None:
        """Keep a call until it can be booked: on disk if possible, else in memory.

        With `settles`, the booking also ends the reservation `record.id`, if the ledger has it.
        """
        spooled = _Spooled(record, settles)
        if self._written(spooled):
            return
        with self._lock:
            if not self.is_full:
                self.in_memory.append(spooled)
                self._bytes += len(_line(spooled))
                return
            self.lost.count((record,))
        self._warnings.say(
            "quotakeeper: neither the ledger nor the spool can be written, and the memory for "
            "waiting calls is full; calls that end now are lost, so far: %s", self.lost,
        )  # fmt: skip

    def _written(self, spooled: _Spooled) -> bool:
        if self._path is None:
            return False
        try:
            while not _appended(self._path, _line(spooled), self._ledger):
                continue
        except OSError as error:
            self._warnings.say(
                "quotakeeper: the spool cannot be written (%s); calls are kept in memory, and are "
                "lost if the process is killed", error,
            )  # fmt: skip
            return False
        self.in_files = True
        return True

    def end(self) -> None:
        """Write the calls in memory to the file, and log how many calls are lost.

        Called when the process ends.
        """
        with self._lock:
            left, self.in_memory, self._bytes = self.in_memory, [], 0
        while left and self._written(left[0]):
            left.pop(0)
        self.lost.count(each.record for each in left)
        if self.lost.calls:
            log.error(
                "quotakeeper: lost: %s. They were sent but not counted, because neither the ledger%s nor "
                "the spool beside it could be written. Free disk space or repair the folder, then compare "
                "with the provider's account: quotakeeper reconcile",
                self.lost, f" {self._ledger}" if self._ledger else "",
            )  # fmt: skip
            self.lost = LostCalls()

    def replay(self, apply: Apply) -> None:
        """Book all waiting calls of this process, and of processes that have ended.

        Raises LedgerError if the ledger still cannot be used; the calls then stay in the spool. A
        file that cannot be booked for another reason is renamed, so that it is not tried again.
        """
        self.in_files = False  # before looking: a call that is added later sets it again
        try:
            booked = sum(self._replay_file(path, apply) for path in self._files())
        except LedgerError:
            self.in_files = True
            raise
        while self.in_memory:
            try:
                booked += _book(self.in_memory[:1], apply)
            except LedgerError:
                raise
            except Exception:
                line = _line(self.in_memory[0])
                log.exception("quotakeeper: a spooled call cannot be booked and is lost: %s", line)
            with self._lock:
                self._bytes -= len(_line(self.in_memory.pop(0)))
        if booked:
            self._warnings.forget()
            log.info("quotakeeper: %d spooled calls were written to the ledger", booked)

    def _replay_file(self, path: Path, apply: Apply) -> int:
        # Rename the file first, so that later calls go to a new file.
        taken = path.with_name(f"{path.name.partition('.taken')[0]}.taken-{new_owner()}")
        try:
            os.close(open_ours(path, os.O_RDONLY))  # raises for a file of another user
            os.replace(path, taken)
            lines = read_ours(taken).splitlines()
        except OSError as error:  # another process was faster, or this user may not read it
            log.debug("quotakeeper: the spool %s was not read: %s", path.name, error)
            return 0
        try:
            booked = _book(list(_read(lines)), apply)
        except LedgerError:
            raise
        except Exception:
            assert self._ledger is not None
            bad = self._ledger.with_name(f"{self._ledger.name}.bad-spool-{new_owner()}")
            log.exception("quotakeeper: spool not written to the ledger, but kept as %s", bad)
            with suppress(OSError):
                os.replace(taken, bad)
            return 0
        with suppress(OSError):
            taken.unlink()
        return booked

    def _files(self) -> list[Path]:
        if self._ledger is None:
            return []
        beginning = f"{self._ledger.name}.spool-"
        with suppress(OSError):
            names = [name for name in os.listdir(self._ledger.parent) if name.startswith(beginning)]
            return [self._ledger.with_name(name) for name in sorted(names)]
        return []


def _book(spooled: Sequence[_Spooled], apply: Apply) -> int:
    booked = 0
    for start in range(0, len(spooled), _AT_ONCE):
        batch = spooled[start : start + _AT_ONCE]
        for each, (_, failed) in zip(batch, book_calls(apply, batch), strict=True):
            if failed is None:
                booked += 1
            else:
                text = "quotakeeper: spooled call %s was not written to the ledger: %s"
                log.warning(text, each.record.id, failed.error)
    return booked


def _appended(path: Path, line: str, ledger: Path | None) -> bool:
    """Write a line and sync the file to disk. Returns False if another process took the file
    away."""
    fd = open_ours(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, ledger)
    try:
        new = os.fstat(fd).st_size == 0
        data = f"\n{line}\n".encode()  # the first newline ends a torn line
        if os.write(fd, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(fd)
        if new:
            _sync_folder(path.parent)
        with suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(fd), os.stat(path))
        return False
    finally:
        os.close(fd)


def _sync_folder(folder: Path) -> None:
    """Sync the name of a new file to disk. Has an effect only where folders can be synced
    (POSIX)."""
    with suppress(OSError):
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _line(spooled: _Spooled) -> str:
    record = spooled.record
    return to_json(
        {
            "id": record.id,
            "settles": spooled.settles,
            "labels": labels_data(record.labels),
            "figures": figures_data(record.figures),
            "at": record.at,
        }
    )


def _read(lines: Sequence[str]) -> Iterator[_Spooled]:
    for line in lines:
        try:
            data = from_json(line or "null")
            if data is None:
                continue
            yield _spooled(data)
        except NOT_OURS:
            # Torn when the machine stopped, or written by another program.
            log.warning("quotakeeper: an incomplete line in the spool is skipped: %.200s", line)


def _spooled(data: Any) -> _Spooled:
    """Parse the data of a line. Raises one of NOT_OURS if this package did not write the line."""
    if type(data["settles"]) is not bool:
        raise TypeError("settles")
    at = None if data.get("at") is None else checked_instant(data["at"])
    labels, figures = labels_from(data["labels"]), figures_from(data["figures"])
    return _Spooled(Record(checked_text(data["id"]), labels, figures, at=at), data["settles"])
