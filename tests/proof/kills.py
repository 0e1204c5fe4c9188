"""Part: the process is killed at every system call it makes, and another process takes over."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from tests.proof import lifetime
from tests.proof.apart import apart, scratch
from tests.proof.lifetime import Life
from tests.proof.parts import Part
from tests.proof.tracer import Call, Fault, Trace, trace

NAME = "kills"  # this module's name, by which the page finds the part
PROMISE = (
    "A process may be killed at any instruction. Nothing that was acknowledged is lost, and the "
    "ledger verifies. Every reservation that the process left has one end: released if nothing "
    "was sent, else assumed."
)
PROMISE_VI = (
    "Tiến trình bị tắt ở đâu cũng không mất gì đã xác nhận, và sổ vẫn đúng khi kiểm tra. Mỗi lượt "
    "giữ chỗ nó để lại có đúng một kết cục: trả lại nếu chưa gửi gì, không thì ghi theo ước tính."
)
ORDER = 20
WEIGHT = 0.5
NEEDS = "tracing"
# System calls that change the disk. A kill before any other call leaves the same disk as a kill
# before the next of these.
CHANGING = frozenset({
    "write", "pwrite64", "writev", "pwritev", "ftruncate", "truncate", "openat", "unlink",
    "unlinkat", "rename", "renameat2", "mkdir", "rmdir", "fallocate",
})  # fmt: skip


def run(minutes: float, seed: int, report: Callable[[str], None]) -> Part:
    """Kill at every call in turn.

    The short form leaves out calls that do not change the disk, and two of three writes.
    """
    return apart(__name__, minutes, seed, report)


def alone(minutes: float, seed: int, report: Callable[[str], None]) -> Part:
    """Run the part, in a process with one thread."""
    lifetime.prepare()
    began, cases, found = time.monotonic(), 0, []
    lives = [Life("power"), Life("process"), Life("power", company=True)]
    for life in lives if minutes else lives[:1]:
        whole = whole_life(life)
        numbers = [call.number for call in whole.calls if minutes or _is_chosen(call, seed)]
        for number in numbers:
            cases += 1
            found += killed_at(number, life)
        report(f"{life}: killed at {len(numbers)} of {whole.count} system calls")
    return Part(NAME, PROMISE, cases, found, seed, time.monotonic() - began)


def _is_chosen(call: Call, seed: int) -> bool:
    return call.name in CHANGING and (call.name != "pwrite64" or (call.number + seed) % 3 == 0)


def whole_life(life: Life) -> Trace:
    """The system calls of a life without faults."""
    with scratch() as folder:
        whole = trace(lambda: lifetime.live(folder, life), record=True, begins=lifetime.BEGIN)
        assert whole.said[-1] == f"done {lifetime.OVER}", whole.said[-1]
        assert lifetime.problems_after_death(folder, whole.said) == []
    return whole


def killed_at(number: int, life: Life) -> Iterator[str]:
    """Kill a process at one call. Returns what is wrong with what it left."""
    with scratch() as folder:
        traced = trace(
            lambda: lifetime.live(folder, life), Fault(number, kill=True),
            begins=lifetime.BEGIN,
        )  # fmt: skip
        where = f"{life}, killed at call {number} ({traced.struck})"
        if traced.status != -9:
            yield f"{where}: it ended with {traced.status}: {traced.said[-1]}"
        for problem in lifetime.problems_after_death(folder, traced.said):
            yield f"{where}, after {traced.said[-1]!r}: {problem}"
