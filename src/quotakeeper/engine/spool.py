"""Calls that went out while the ledger could not count them (`on_store_failure = "allow"`).

Each is one line in a file beside the ledger, written through to the disk, and replayed once the
ledger answers again. An event id counts once, so replaying a line twice does no harm.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from quotakeeper.domain.commands import Record
from quotakeeper.domain.entries import Figures
from quotakeeper.domain.usage import CallLabels, Outcome, Provenance
from quotakeeper.errors import QuotakeeperError

log = logging.getLogger("quotakeeper")


class Spool:
    """A journal of what still has to be recorded. Without a folder it is kept in memory alone."""

    def __init__(self, ledger: Path | None, owner: str) -> None:
        self._ledger = ledger
        self._owner = owner
        self._path = ledger and ledger.with_name(f"{ledger.name}.spool-{owner}")
        self._waiting: list[Record] = []

    def add(self, record: Record) -> None:
        """Keep a record until it can be booked; on disk if that is possible."""
        if self._path is not None:
            try:
                while not _appended(self._path, _line(record)):
                    continue
            except OSError as error:
                log.warning("quotakeeper: the spool cannot be written (%s); kept in memory", error)
            else:
                return
        self._waiting.append(record)

    def replay(self, book: Callable[[Record], object]) -> int:
        """Book everything that waits, here and from processes that have ended; how many."""
        booked = 0
        for path in self._files():
            # Taken by a new name first, so that what is written from now on goes to a new file.
            taken = path.with_name(f"{path.name.partition('.taken')[0]}.taken-{self._owner}")
            try:
                os.replace(path, taken)
                lines = taken.read_text(encoding="utf-8").splitlines()
            except FileNotFoundError:  # another process was quicker
                continue
            for line in lines:
                with suppress(ValueError, KeyError, TypeError):  # a torn last line
                    book(_record(line))
                    booked += 1
            with suppress(OSError):
                taken.unlink()
        while self._waiting:
            book(self._waiting[0])
            self._waiting.pop(0)
            booked += 1
        return booked

    def try_replay(self, book: Callable[[Record], object]) -> None:
        """Replay, and leave everything where it is when the ledger still does not answer."""
        try:
            booked = self.replay(book)
        except (QuotakeeperError, OSError) as error:
            log.warning("quotakeeper: spooled calls still wait: %s", error)
        else:
            if booked:
                log.info("quotakeeper: %d spooled calls were booked", booked)

    @property
    def waiting(self) -> bool:
        """Whether anything may wait to be booked."""
        return bool(self._waiting or self._files())

    def _files(self) -> list[Path]:
        if self._ledger is None:
            return []
        return sorted(self._ledger.parent.glob(f"{self._ledger.name}.spool-*"))


def _appended(path: Path, line: str) -> bool:
    """Write a line through to the disk; False when the file was taken away meanwhile."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(fd, (line + "\n").encode("utf-8"))
        os.fsync(fd)
        with suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(fd), os.stat(path))
        return False
    finally:
        os.close(fd)


def _line(record: Record) -> str:
    figures = asdict(record.figures)
    labels = asdict(record.labels)
    return json.dumps({"id": record.id, "labels": labels, "figures": figures})


def _record(line: str) -> Record:
    data = json.loads(line)
    labels, figures = data["labels"], data["figures"]
    labels["scope"] = tuple((name, value) for name, value in labels["scope"])
    figures["provenance"] = Provenance(figures["provenance"])
    figures["outcome"] = Outcome(figures["outcome"])
    return Record(data["id"], CallLabels(**labels), Figures(**figures))
