"""Part: every system call fails once, in every way in which it can, with and without a kill afterwards."""

from __future__ import annotations

import errno
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from tests.proof import lifetime
from tests.proof.apart import apart, scratch
from tests.proof.kills import CHANGING, whole_life
from tests.proof.lifetime import Life
from tests.proof.parts import Part
from tests.proof.tracer import UNLOCK, WRITES, Call, Fault, trace

NAME = "faults"  # this module's name, by which the page finds the part
PROMISE = (
    "Any system call may fail, in any way. The caller gets the documented error or the right "
    "answer. What was refused is not in the ledger, and asking again with the same id settles it."
)
PROMISE_VI = (
    "Lượt gọi hệ thống nào cũng có thể hỏng, theo mọi kiểu. Người gọi nhận đúng lỗi đã ghi trong "
    "tài liệu hoặc câu trả lời đúng. Điều đã từ chối không có trong sổ, và hỏi lại bằng cùng id "
    "thì rõ."
)
ORDER = 21
WEIGHT = 2
NEEDS = "tracing"
ERRORS = ("EIO", "ENOSPC", "EINTR", "EACCES", "EMFILE", "ENOLCK", "ENOMEM")
SHORT = "a short write"
# System calls that change a file, or that report whether a change is durable.
TELLING = CHANGING | {"fsync", "fdatasync", "flock", "close"}
# What follows the failure: nothing, a kill as soon as the caller has the error, a kill at the next
# call.
_ANSWERS = ("refused", "damaged", "unknown")
_UNREADABLE = (("pread64", "EIO"), ("read", "EIO"))
_SHORT_FORM = 150  # cases, in the order of their rank
AFTERWARDS = ("goes on", "dies when told", "is killed at the next call")


def run(minutes: float, seed: int, report: Callable[[str], None]) -> Part:
    """All calls, errors and sequels that the minutes allow. The short form takes a sample."""
    return apart(__name__, minutes, seed, report)


def alone(minutes: float, seed: int, report: Callable[[str], None]) -> Part:
    """Run the part, in a process with one thread."""
    lifetime.prepare()
    began, chance = time.monotonic(), random.Random(seed)
    until = began + minutes * 60
    cases = [
        (life, call, error, sequel)
        for life in (Life("power"), Life("process"), Life("power", company=True))
        for call in whole_life(life).calls
        if call.name != UNLOCK  # an unlock never fails, and SQLite relies on that
        for error in (*ERRORS, *((SHORT,) if call.name in WRITES else ()))
        for sequel in AFTERWARDS
    ]
    chance.shuffle(cases)
    # One of each call first; calls that change something before the others.
    seen: Counter[tuple[Life, int]] = Counter()
    order = []
    for case in cases:
        seen[case[0], case[1].number] += 1
        order.append((seen[case[0], case[1].number], case[1].name not in TELLING))
    ranked = sorted(range(len(cases)), key=order.__getitem__)
    found: list[str] = []
    tried = 0
    told: Counter[str] = Counter()
    for index in ranked:
        if tried >= _SHORT_FORM and time.monotonic() > until:
            break
        found += failed_at(*cases[index], told)
        tried += 1
        if tried % 2_000 == 0:
            report(f"{tried} of {len(cases)}, {len(found)} found")
    told_of = ", ".join(f"{many} {what}" for what, many in sorted(told.items()))
    notes = (f"{tried} of {len(cases)} pairs of call and failure: {told_of}",)
    return Part(NAME, PROMISE, tried, found, seed, time.monotonic() - began, notes)


def failed_at(
    life: Life, call: Call, error: str, sequel: str, told: Counter[str] | None = None
) -> Iterator[str]:
    """Make one call fail. Returns what is wrong with the caller's error and with what is left."""
    fault = Fault(
        call.number, 0 if error == SHORT else getattr(errno, error), short=error == SHORT,
        calls_after=1 if sequel == AFTERWARDS[2] else -1,
    )  # fmt: skip
    with scratch() as folder:
        traced = trace(
            lambda: lifetime.live_with_faults(folder, life, dies=sequel == AFTERWARDS[1]),
            fault, begins=lifetime.BEGIN,
        )  # fmt: skip
        said = traced.said
        answers = [line.split()[0] for line in said if line.split()[0] in _ANSWERS]
        if told is not None:
            told[answers[0] if answers else "killed" if traced.status else "not noticed"] += 1
        where = f"{life}, {error} at call {call.number} ({traced.struck}), then it {sequel}"
        # SQLite reports a file that the disk cannot read as damaged, and the store cannot
        # distinguish the two.
        if answers == ["damaged"] and (traced.struck, error) not in _UNREADABLE:
            yield f"{where}: it says that the file is damaged"
        for problem in _problems(folder, said, traced.status, answers):
            yield f"{where}, after {said[-1]!r}: {problem}"


def _problems(folder: Path, said: list[str], status: int, answers: list[str]) -> Iterator[str]:
    yield from (line for line in said if line.startswith(("raised", "wrong")))
    done = lifetime.acknowledged(said)
    if status == -9:
        most = done if answers in (["refused"], ["damaged"]) else None
        yield from lifetime.problems_after_death(folder, said, most)
        return
    if status or done != lifetime.OVER + 1:
        yield f"it ended with {status} after {done} steps"
        return
    with closing(lifetime.opened(folder, "next")) as store:
        yield from lifetime.problems_of_journal(list(store.entries()), done, done)
        yield from (problem.what for problem in store.verify())
        if left := [p.name for p in folder.rglob("*.spool-*")]:
            yield f"a spool is left: {left}"
