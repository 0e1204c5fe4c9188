"""Part: a process stops before every system call it makes, while another process writes.

So the two meet at every point where their order can matter: within a commit, a checkpoint, the reset of
the log. While the first holds the ledger's file lock, the other writes only after the lock is released.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.entries import Entry
from quotakeeper.stores.sqlite import transactions as handle_module
from quotakeeper.stores.sqlite.store import SqliteStore
from quotakeeper.testing.ledger_case import LABELS, tokens
from tests.proof import lifetime
from tests.proof.apart import apart, scratch
from tests.proof.parts import Part
from tests.proof.tracer import Fault, say, trace

if sys.platform != "win32":
    import fcntl

NAME = "interleaved"  # this module's name, by which the page finds the part
PROMISE = (
    "One process may stop at any step while another one writes: both find all that they wrote. "
    "The lock file keeps a process out wherever the two could harm each other."
)
PROMISE_VI = (
    "Một tiến trình đang ở bước nào khi tiến trình khác ghi, cả hai đều tìm lại đủ những gì mình "
    "đã ghi. Khóa đặt trước tệp ngăn một bên ở những chỗ chúng có thể làm hại nhau."
)
ORDER = 23
WEIGHT = 0.5
NEEDS = "tracing"
_SHORT_FORM = 7  # every 7th call
_OPEN = "open"


class Other:
    """The other writer. It is this process, which runs while the traced process is stopped."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "new" / "ledger.db"
        self.store = SqliteStore(self.path, zone_named, owner="other", durability="process")
        self.wrote: list[str] = []
        self.kept_out = 0
        self._lock_file = -1

    def open(self) -> None:
        """Open a connection that has read the current ledger."""
        self.write("at first")
        self._lock_file = os.open(self.path.with_name(self.path.name + ".lock"), os.O_RDWR)

    def write_if_free(self) -> None:
        """Record a call, unless the file lock is held."""
        if self.free():
            self.write("in the midst")
        else:
            self.kept_out += 1

    def free(self) -> bool:
        """Whether the file lock is free."""
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        fcntl.flock(self._lock_file, fcntl.LOCK_UN)
        return True

    def write(self, name: str) -> None:
        """Record a call."""
        self.store.apply([c.Record(name, LABELS, tokens(1))], lifetime.NOW)
        self.wrote.append(name)

    def close(self) -> None:
        """Close the connection."""
        if self._lock_file >= 0:
            os.close(self._lock_file)
        self.store.close()


def run(minutes: float, seed: int, report: Callable[[str], None]) -> Part:
    """Stop at every call of a life. The short form stops at every seventh."""
    return apart(__name__, minutes, seed, report)


def alone(minutes: float, seed: int, report: Callable[[str], None]) -> Part:
    """Run in a process with one thread, which is the other writer too."""
    lifetime.prepare()
    handle_module._CHECKPOINT_PAGES = 0  # a checkpoint after every batch
    began, cases, found = time.monotonic(), 0, []
    told: Counter[str] = Counter()
    struck, at = True, 1 if minutes else 1 + seed % _SHORT_FORM
    while struck:
        problems = list(written_at(at, told))
        struck = problems != [_NOT_REACHED]
        found += problems if struck else []
        cases += struck
        at += 1 if minutes else _SHORT_FORM
    report(f"another writer at {cases} system calls, {told['kept out']} times kept out")
    notes = (f"{told['wrote']} times it wrote at once, {told['kept out']} times it was kept out",)
    return Part(NAME, PROMISE, cases, found, seed, time.monotonic() - began, notes)


_NOT_REACHED = "not reached"


def written_at(at: int, told: Counter[str] | None = None) -> Iterator[str]:
    """Let the other process write before one call. Returns what is wrong afterwards."""
    with scratch() as folder:
        other = Other(folder)
        with closing(other):
            traced = trace(
                lambda: _live(folder), Fault(at, meanwhile=other.write_if_free),
                begins=lifetime.BEGIN, heard=lambda text: other.open() if text == _OPEN else None,
            )  # fmt: skip
            if not traced.struck:
                yield _NOT_REACHED
                return
            other.write("at last")
        if told is not None:
            told["kept out" if other.kept_out else "wrote"] += 1
        where = f"another writer before call {at} ({traced.struck})"
        for problem in _problems(folder, other, traced.said, traced.status):
            yield f"{where}: {problem}"


def _live(folder: Path) -> None:
    """In the child: the batches of a life, with a checkpoint after each."""
    with closing(lifetime.opened(folder, durability="process")) as store:
        store.apply([c.Record("opened", LABELS, tokens(1))], lifetime.NOW)
        say(_OPEN)
        say(lifetime.BEGIN)
        for number, batch in enumerate(lifetime.BATCHES):
            store.apply(batch, lifetime.NOW)
            say(f"done {number}")


def _problems(folder: Path, other: Other, said: list[str], status: int) -> Iterator[str]:
    if status or lifetime.acknowledged(said) != len(lifetime.BATCHES):
        yield f"it ended with {status} after {said[-1]!r}"
    with closing(lifetime.opened(folder, "next")) as store:
        entries = list(store.entries())
        names = [entry.id for entry in entries if entry.id]
        for name in ("opened", *other.wrote):
            if names.count(name) != 1:
                yield f"{name!r} is there {names.count(name)} times"
        if [entry.seq for entry in entries] != list(range(1, len(entries) + 1)):
            yield f"the numbers are {[entry.seq for entry in entries]}"
        expected = [_of(entry) for entry in lifetime.journals()[len(lifetime.BATCHES)]]
        others = {"opened", *other.wrote}
        if [_of(entry) for entry in entries if entry.id not in others] != expected:
            yield "its own journal is another"
        yield from (problem.what for problem in store.verify())


def _of(entry: Entry) -> tuple[object, ...]:
    return entry.kind, entry.id, entry.figures, entry.owner
