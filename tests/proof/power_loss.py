"""Part: the power is cut after every write, and each state that a disk may have kept is opened again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import blake2b
from pathlib import Path

from quotakeeper.errors import QuotakeeperError
from tests.proof import lifetime
from tests.proof.apart import apart, scratch
from tests.proof.disk import Disk, put
from tests.proof.parts import Part
from tests.proof.tracer import Trace, trace

NAME = "power_loss"  # this module's name, by which the page finds the part
PROMISE = (
    'With durability "power" every acknowledged command survives any power cut. With "process" '
    "the last commands may be lost; what is left is a complete beginning of the journal, never "
    "damage."
)
PROMISE_VI = (
    'Với durability "power", mọi lệnh đã xác nhận còn nguyên sau bất kỳ lần mất điện nào. Với '
    '"process", vài lệnh cuối có thể mất; phần còn lại là đoạn đầu trọn vẹn của nhật ký, không '
    "bao giờ hỏng."
)
ORDER = 22
WEIGHT = 2
NEEDS = "tracing"
_SHORT_FORM = 1  # states after each write, for each durability
_RESUMED = 6  # every 6th state is also continued


def run(minutes: float, seed: int, report: Callable[[str], None]) -> Part:
    """Check states after each write, as many as the minutes allow."""
    return apart(__name__, minutes, seed, report)


def alone(minutes: float, seed: int, report: Callable[[str], None]) -> Part:
    """Run the part, in a process with one thread."""
    lifetime.prepare()
    began, chance, found = time.monotonic(), random.Random(seed), []
    tables, notes = [Table(durability) for durability in ("power", "process")], []
    rounds = 0
    while rounds < _SHORT_FORM or time.monotonic() - began < minutes * 60:
        for table in tables:
            found += table.one_round(chance)
        rounds += 1
    for table in tables:
        notes.append(table.line())
        report(table.line())
    seconds = time.monotonic() - began
    cases = sum(table.states for table in tables)
    notes.append(f"{cases / seconds:.0f} states a second")
    return Part(NAME, PROMISE, cases, found, seed, seconds, tuple(notes))


class Table:
    """The results for one durability."""

    def __init__(self, durability: str) -> None:
        self.durability = durability
        self.states = self.lost = self.damaged = 0
        self._seen: set[tuple[bytes, int]] = set()
        self._trace, self._root = _traced(durability)

    def line(self) -> str:
        """The row of the table."""
        return (
            f'durability "{self.durability}": {self.states} states, {len(self._seen)} different; '
            f"of {lifetime.OVER + 1} acknowledged steps {self.lost} lost at most; "
            f"{self.damaged} damaged"
        )

    def one_round(self, chance: random.Random) -> Iterator[str]:
        """Check one state after each write."""
        disk, done = Disk(self._root), 0
        for event in self._trace.events:
            if isinstance(event, str):
                done += event.startswith("done ")
            elif disk.follow(event):
                left = disk.left(chance)
                self.states += 1
                digest = blake2b(repr(sorted(left.items())).encode(), digest_size=16).digest()
                if (digest, done) not in self._seen:
                    self._seen.add((digest, done))
                    for problem in self._problems(left, done):
                        where = f"{self.durability}, power cut after call {event.number}"
                        yield f"{where} ({event.name}), {done} steps acknowledged: {problem}"

    def _problems(self, left: dict[str, bytes | None], done: int) -> Iterator[str]:
        with scratch() as folder:
            put(left, folder)
            try:
                problems = list(self._problems_of(folder, done))
            except QuotakeeperError as error:
                problems = [f"{type(error).__name__}: {error}"]
            self.damaged += bool(problems)
            yield from problems

    def _problems_of(self, folder: Path, done: int) -> Iterator[str]:
        with closing(lifetime.opened(folder, "next", self.durability)) as store:
            store.holds()
            entries = list(store.entries())
            there = lifetime.steps_in(entries)
            if there is not None:
                self.lost = max(self.lost, done - there)
            least = done if self.durability == "power" else 0
            yield from lifetime.problems_of_journal(entries, least, done + 1)
            yield from (problem.what for problem in store.verify())
            if there is not None and len(self._seen) % _RESUMED == 0:
                yield from lifetime.problems_when_resumed(store, folder, there, least)


def _traced(durability: str) -> tuple[Trace, str]:
    with scratch() as folder:
        whole = trace(
            lambda: lifetime.live(folder, lifetime.Life(durability)),
            record=True,
            begins=lifetime.BEGIN,
        )
    assert whole.said[-1] == f"done {lifetime.OVER}", whole.said[-1]
    return whole, str(folder)
