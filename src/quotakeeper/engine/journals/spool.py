"""Calls that went out while the ledger could not count them (`on_store_failure = "allow"`).

Each is one line in a file beside the ledger, written through to the disk, and replayed once the
ledger answers again. An event id counts once, so replaying a line twice does no harm.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
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

_AT_ONCE = 500
# What is kept in memory while no file can be written: calls, and bytes of their lines.
MOST_CALLS = 10_000
MOST_BYTES = 8_000_000

log = logging.getLogger("quotakeeper.engine")


@dataclass(frozen=True, slots=True)
class _Spooled:
    """What a call used, and whether that ends a reservation."""

    record: Record
    settles: bool

    def commands(self) -> Sequence[Command]:
        """As KeptCall's."""
        record = self.record
        return [Settle(record.id, record.figures) if self.settles else record]

    def instead(self, failed: Failed, *, first: bool) -> Record | None:
        """As KeptCall's."""
        if self.settles and isinstance(failed.error, InvalidInputError):
            return self.record  # it knows no such reservation
        if not self.settles and isinstance(failed.error, KeyConflictError):
            # A reservation that came too late and was given back: the call went out all the same.
            return replace(self.record, id=f"{self.record.id[:240]}~spooled")
        return None


class Spool:
    """A journal of what still has to be booked. Without a folder it is kept in memory alone.

    `waiting` says whether anything may wait; it is asked before every batch, so it looks at no
    disk. `look` does.

    Memory takes 10,000 calls or 8 MB. Once it is full, `is_full` says so and no new call is to go
    out; one that was under way and ends is counted as lost. What is in memory when the process ends
    goes to the file, if it can be written by then, and else is lost as well.
    """

    def __init__(self, ledger: Path | None, owner: str) -> None:
        self._ledger = ledger
        self._path = ledger and ledger.with_name(f"{ledger.name}.spool-{owner}")
        self._in_memory: list[_Spooled] = []
        self._in_files = False
        self._bytes = 0
        self._lock = RLock()
        self._warnings = RepeatedWarnings(log)
        self.lost = LostCalls()

    @property
    def waiting(self) -> bool:
        """Whether anything may wait to be booked."""
        return self._in_files or bool(self._in_memory)

    @property
    def is_full(self) -> bool:
        """Whether memory takes no more; a file that can be written does not fill up."""
        return len(self._in_memory) >= MOST_CALLS or self._bytes >= MOST_BYTES

    def after_fork(self) -> None:
        """In a forked child: what is in memory is the parent's to book, and to tell of."""
        self._lock = RLock()
        self._in_memory.clear()
        self._bytes = 0
        self.lost = LostCalls()
        self._warnings = RepeatedWarnings(log)

    def look(self) -> None:
        """Look for files of this process and of those that have ended."""
        self._in_files = bool(self._files())

    def add(self, record: Record, *, settles: bool = False) -> None:
        """Keep a record until it can be booked; on disk if that is possible.

        With `settles`, it ends the reservation of that id, if the ledger knows one.
        """
        spooled = _Spooled(record, settles)
        if self._written(spooled):
            return
        with self._lock:
            if not self.is_full:
                self._in_memory.append(spooled)
                self._bytes += len(_line(spooled))
                return
            self.lost.count((record,))
        self._warnings.say(
            "quotakeeper: the ledger and the spool cannot be written, and memory has its most of "
            "waiting calls; what ends now is lost: %s", self.lost,
        )  # fmt: skip

    def _written(self, spooled: _Spooled) -> bool:
        if self._path is None:
            return False
        try:
            while not _appended(self._path, _line(spooled), self._ledger):
                continue
        except OSError as error:
            self._warnings.say(
                "quotakeeper: the spool cannot be written (%s); calls are kept in memory, which is "
                "lost with the process", error,
            )  # fmt: skip
            return False
        self._in_files = True
        return True

    def end(self) -> None:
        """At the end of a process: write down what is in memory; say once, and last, what is lost."""
        with self._lock:
            left, self._in_memory, self._bytes = self._in_memory, [], 0
        while left and self._written(left[0]):
            left.pop(0)
        self.lost.count(each.record for each in left)
        if self.lost.calls:
            log.error(
                "quotakeeper: lost: %s went out and are in no ledger, because neither the ledger%s nor "
                "the spool beside it could be written. Free the disk or mend its folder, and compare "
                "with the provider's account: quotakeeper reconcile",
                self.lost, f" {self._ledger}" if self._ledger else "",
            )  # fmt: skip
            self.lost = LostCalls()

    def replay(self, apply: Apply) -> None:
        """Book everything that waits, here and from processes that have ended.

        Raises LedgerError when the ledger still does not answer; then all of it still waits. A file
        that cannot be booked for any other reason is put aside under a name that is not looked for.
        """
        self._in_files = False  # before looking: what is added from here on says so itself
        try:
            booked = sum(self._replay_file(path, apply) for path in self._files())
        except LedgerError:
            self._in_files = True
            raise
        while self._in_memory:
            try:
                booked += _book(self._in_memory[:1], apply)
            except LedgerError:
                raise
            except Exception:
                log.exception("quotakeeper: not booked: %s", _line(self._in_memory[0]))
            with self._lock:
                self._bytes -= len(_line(self._in_memory.pop(0)))
        if booked:
            self._warnings.forget()
            log.info("quotakeeper: %d spooled calls were booked", booked)

    def _replay_file(self, path: Path, apply: Apply) -> int:
        # Under a name of our own first, so that what is written from now on goes to a new file.
        taken = path.with_name(f"{path.name.partition('.taken')[0]}.taken-{new_owner()}")
        try:
            os.close(open_ours(path, os.O_RDONLY))  # a planted file is neither moved nor booked
            os.replace(path, taken)
            lines = read_ours(taken).splitlines()
        except OSError as error:  # another process was quicker, or may not be read by us
            log.debug("quotakeeper: %s: %s", path.name, error)
            return 0
        try:
            booked = _book(list(_read(lines)), apply)
        except LedgerError:
            raise
        except Exception:
            assert self._ledger is not None
            bad = self._ledger.with_name(f"{self._ledger.name}.bad-spool-{new_owner()}")
            log.exception("quotakeeper: a spool cannot be booked; it is kept as %s", bad)
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
                log.warning("quotakeeper: spooled call %s: %s", each.record.id, failed.error)
    return booked


def _appended(path: Path, line: str, ledger: Path | None) -> bool:
    """Write a line through to the disk; False when the file was taken away meanwhile."""
    fd = open_ours(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, ledger)
    try:
        new = os.fstat(fd).st_size == 0
        data = f"\n{line}\n".encode()  # the first newline ends a line that was torn before
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
    """Make the name of a new file outlive a power cut too, where folders can be synced (POSIX)."""
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
            # Torn when the machine stopped, or no line of ours.
            log.warning("quotakeeper: a torn line in the spool: %.200s", line)


def _spooled(data: Any) -> _Spooled:
    """A line as it was written; raises what a line that was not written by us makes it raise."""
    if type(data["settles"]) is not bool:
        raise TypeError("settles")
    at = None if data.get("at") is None else checked_instant(data["at"])
    labels, figures = labels_from(data["labels"]), figures_from(data["figures"])
    return _Spooled(Record(checked_text(data["id"]), labels, figures, at=at), data["settles"])
