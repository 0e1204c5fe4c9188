"""Part: a process that holds leases is stopped (SIGSTOP) at every step of a lease's life, and continues.

A forked holder stops itself at a chosen step. While it is stopped, another process ends its overdue
leases and uses all that is left of a limit of 400. Then the holder continues to the end of the limit,
or is killed. The other process either comes after the term of the leases (shortened here), or earlier
with a clock that is ahead. In the second case only the fence tells the holder that its leases have
ended.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from itertools import product
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from quotakeeper import Keeper, LimitExceeded
from quotakeeper.clocks import SystemClock, zone_named
from quotakeeper.engine.journals import fence as fences
from quotakeeper.engine.journals.lease_journal import JournalSegment
from quotakeeper.engine.leases import lease_table
from quotakeeper.engine.leases.lease import FILE_TERM, LeaseTerm
from quotakeeper.errors import LedgerError
from quotakeeper.stores.sqlite.read_only import ReadOnlyStore
from tests.proof.apart import apart, scratch
from tests.proof.parts import Part
from tests.proof.programs import SECONDS, WRONG, imported

NAME = "stopped_holders"  # this module's name, by which the page finds the part
PROMISE = (
    "A process that holds leases may be stopped anywhere, for any time, and then go on or be "
    "killed. Of a limit of 400, never 401 are admitted. Every call is counted once, and the "
    "ledger verifies."
)
PROMISE_VI = (
    "Tiến trình đang giữ phần thuê (lease) bị dừng ở bước nào, bao lâu, rồi chạy tiếp hay bị tắt. "
    "Hạn mức 400 thì không bao giờ cho qua lượt gọi thứ 401. Mỗi lượt gọi tính đúng một lần, và "
    "sổ vẫn đúng khi kiểm tra."
)
ORDER = 23
WEIGHT = 0.5
NEEDS = "fork"
AMOUNT = 400
CALL: dict[str, Any] = {"model": "gemini-2.0-flash", "input_tokens": 1, "output_tokens": 1}
CONFIG = {
    "timezone": "UTC", "default_limits": False, "on_busy": "refuse",
    "limit": [{"name": "cap", "provider": "gemini", "meter": "requests", "window": "month",
               "amount": AMOUNT}],
}  # fmt: skip
STEPS = (
    *[f"{when} line {kind}" for when in ("before", "after") for kind in "LASR"],
    *[f"{when} {command}" for when in ("before", "after")
      for command in ("Reserve", "Grow", "Extend", "Draw", "Settle", "Release")],
    "admitted", "sent", "settled", "released",
)  # fmt: skip
_TERM_SECONDS = 0.6


class Case(NamedTuple):
    """One life of a holder: where it is stopped, and what happens to it."""

    step: str
    number: int  # the holder stops when it reaches the step for this time (1: the first)
    ahead: bool  # whether the other's clock is ahead; else it comes after the term
    second: bool  # whether the other is stopped too, after its fence, and a third takes over
    killed: bool  # whether the holder is killed instead of continued

    def __str__(self) -> str:
        how = "a clock ahead" if self.ahead else "after the term"
        second = ", a second one fences" if self.second else ""
        return f"stopped {self.step} {self.number}, {how}{second}{', killed' * self.killed}"


class Ahead(SystemClock):
    """A clock that is set wrongly."""

    def now(self) -> int:
        return super().now() + 11_000_000


def run(minutes: float, seed: int, report: Callable[[str], None]) -> Part:
    """Stop at every step, in every way, as often as the minutes allow."""
    return apart(__name__, minutes, seed, report)


def alone(minutes: float, seed: int, report: Callable[[str], None]) -> Part:
    """Run the part, in a process with one thread."""
    imported()
    began, tried, found, chance = time.monotonic(), 0, [], Random(seed)
    over = False
    while not over:
        for case in _cases(chance, few=not minutes):
            tried += 1
            found += [f"{case}: {problem}" for problem in lived(case)]
            over = bool(found) or time.monotonic() - began >= minutes * 60
            if over and minutes:
                break
        report(f"stopped {tried} holders, {len(found)} promises broken")
    return Part(NAME, PROMISE, tried, found, seed, time.monotonic() - began)


def _cases(chance: Random, *, few: bool) -> list[Case]:
    ways = list(product((True, False), (False, True), (False, True)))
    cases = [
        Case(step, chance.choice(_NUMBERS.get(step.partition(" ")[2], (1, 5))), *way)
        for step, way in product(STEPS, ways)
    ]
    chance.shuffle(cases)
    if not few:
        return cases
    # However short the run, it has one case for each of the most dangerous steps.
    hot = ("before line A", "after line A", "admitted", "after Reserve", "before Release")
    return [next(case for case in cases if case.step == step) for step in hot]


_NUMBERS = {
    "line L": (1,), "line A": (1, 7, 50), "line S": (1, 40), "line R": (1, 3), "Reserve": (1,),
    "Grow": (1,), "Extend": (1,), "Draw": (1, 3), "Settle": (1, 3), "Release": (1,),
}  # fmt: skip


def lived(case: Case) -> Iterator[str]:
    """One case. Returns what is wrong with its result."""
    with scratch() as folder:
        path = folder / "ledger.db"
        holder = _forked(lambda: _hold(path, case), folder / "holder")
        if not _stops(holder):
            yield "the step was never reached"
            return
        clock = Ahead() if case.ahead else SystemClock()
        late = not case.ahead
        other = _forked(lambda: _use_up(path, clock, stop=case.second, late=late), folder / "other")
        third = None
        if case.second and _stops(other):
            third = _forked(lambda: _use_up(path, clock), folder / "third")
            _ends(third)
            os.kill(other, signal.SIGCONT)
        if third is not None or not case.second:
            _ends(other)
        os.kill(holder, signal.SIGKILL if case.killed else signal.SIGCONT)
        status = _ends(holder)
        if status != (-signal.SIGKILL if case.killed else 0):
            yield f"the holder ended with {status}"
        yield from _judged(path, folder, clock, case)


def _judged(path: Path, folder: Path, clock: SystemClock, case: Case) -> Iterator[str]:
    heir = _forked(lambda: _use_up(path, clock), folder / "heir")
    if status := _ends(heir):
        yield f"the heir ended with {status}"
    names = ("holder", "other", "third", "heir")
    told = {name: _told(folder / name) for name in names}
    admitted = {id_ for each in told.values() for id_ in each}
    with_counts = ", ".join(f"{name} {len(ids)}" for name, ids in told.items())
    if len(admitted) > AMOUNT:
        yield f"{len(admitted)} of {AMOUNT} were admitted: {with_counts}"
    checked = _forked(lambda: _check(path, clock), folder / "checked")
    if status := _ends(checked):
        yield f"who checked ended with {status}"
        return
    used, held, wrong, *events = (folder / "checked").read_text(encoding="utf-8").splitlines()
    if (used, held, wrong) != (str(AMOUNT), "0", "[]"):
        yield f"{used} used and {held} held of {AMOUNT}, verify says {wrong}: {with_counts}"
    if lost := admitted - set(events):
        yield f"{len(lost)} admitted calls are counted nowhere: {sorted(lost)[:3]}"
    # A killed holder may leave calls that it was not told of. A holder that continues leaves none.
    if not case.killed and (more := set(events) - admitted):
        yield f"{len(more)} counted calls were never admitted: {sorted(more)[:3]}"


# -- the processes


def _forked(act: Callable[[], None], out: Path) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = WRONG
    try:
        signal.alarm(SECONDS)
        os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 1)
        act()
        status = 0
    except BaseException as error:  # noqa: BLE001 - a forked child must not return
        os.write(2, f"in {out.name}: {error!r}\n".encode())
    os._exit(status)


def _stops(pid: int) -> bool:
    """Wait until a process stops itself. Returns False if it has ended instead."""
    return os.WIFSTOPPED(os.waitpid(pid, os.WUNTRACED)[1])


def _ends(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _stop() -> None:
    """Stop all threads of this process before its next instruction."""
    signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def _told(path: Path) -> set[str]:
    """The ids of the calls that a process was admitted, without those that it released."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {line[1:] for line in lines if line[0] == "+"} - {x[1:] for x in lines if x[0] == "-"}


def _hold(path: Path, case: Case) -> None:
    """The holder: calls on a lease that grows, is renewed, then idle; then all that is left."""
    lease_table._IDLE_SECONDS = 0.15
    seen: dict[str, int] = {}
    again = threading.Condition()

    def here(step: str) -> None:
        with again:
            seen[step] = seen.get(step, 0) + 1
            stops = (step, seen[step]) == (case.step, case.number)
            again.notify_all()
        if stops:
            worker = keeper._engine.worker
            # A process that is stopped inside a commit keeps the ledger's lock. Then no call is
            # admitted until it continues. This part does not test that case.
            with nullcontext() if worker._thread.is_current else worker._turn:
                _stop()

    keeper = Keeper(path, CONFIG, "process", lease=40, on_warning=lambda _: None)
    _watch(keeper, here)
    leases: Any = keeper._engine.leases
    leases._block_sizing.term = (
        FILE_TERM._replace(renewed_after=0.1)
        if case.ahead
        else LeaseTerm(_TERM_SECONDS, _TERM_SECONDS / 2, 0.1)
    )

    def until(step: str, times: int) -> None:
        with again:
            while leases._leases and seen.get(step, 0) < times:
                again.wait(0.05)  # a lease may be ended by another process, without a step

    waiting = _use_lease(keeper, here, until)
    until("after Release", seen.get("after Release", 0) + 1)  # idle, so the lease is given back
    for call in waiting:
        call.settle(requests=1)
    while (call := _call(keeper, here)) is not None:
        call.settle(requests=1)
    keeper.close()


def _use_lease(
    keeper: Keeper, here: Callable[[str], None], until: Callable[[str, int], None]
) -> list[Any]:
    """Make calls and end most of them. Returns the calls that are still open."""
    waiting: list[Any] = []
    for number in range(70):
        if (call := _call(keeper, here)) is not None:
            waiting.append(call)
        # Lets the lease be renewed and tended while calls use it.
        until("after Extend", number // 20)
        if len(waiting) > 2:
            _end(waiting.pop(0), number, here)
    return waiting


def _end(call: Any, number: int, here: Callable[[str], None]) -> None:
    if number % 5 == 4:
        _say(f"-{call.id}")  # first, because the call may be released when the holder is killed
        call.release()
        here("released")
    else:
        call.mark_sent()
        here("sent")
        call.settle(requests=1)
        here("settled")


def _call(keeper: Keeper, here: Callable[[str], None] = lambda step: None) -> Any:
    try:
        call = keeper.reserve("gemini", **CALL)
    except LimitExceeded:
        return None
    _say(f"+{call.id}")
    here("admitted")
    return call


def _watch(keeper: Keeper, here: Callable[[str], None]) -> None:
    """Call `here` at every line of the journal, and before and after every commit."""
    append = JournalSegment.append

    def appended(segment: JournalSegment, line: str) -> None:
        here(f"before line {line[1]}")
        append(segment, line)
        here(f"after line {line[1]}")

    JournalSegment.append = appended  # type: ignore[method-assign,assignment]
    keeper.status()
    store: Any = keeper._engine.worker.store
    apply = store.apply

    def applied(commands: Any, now: int) -> Any:
        names = dict.fromkeys(type(command).__name__ for command in commands)
        for name in names:
            here(f"before {name}")
        outcomes = apply(commands, now)
        for name in names:
            here(f"after {name}")
        return outcomes

    store.apply = applied


def _use_up(path: Path, clock: SystemClock, *, stop: bool = False, late: bool = False) -> None:
    """The other process: ends overdue leases, then uses all that is left.

    If `late`, it first waits for the end of the leases' term.
    """
    if stop:
        fence = fences.fence

        def fenced(ledger: Path, owner: str) -> None:
            fence(ledger, owner)
            _stop()

        fences.fence = fenced
    if late:
        _let_leases_expire(path, clock)
    with Keeper(path, CONFIG, "process", clock=clock, on_warning=lambda _: None) as keeper:
        while (call := _call(keeper)) is not None:
            call.settle(requests=1)


def _let_leases_expire(path: Path, clock: SystemClock) -> None:
    with suppress(LedgerError):  # no ledger was made before the stop
        store = ReadOnlyStore(path, zone_named)
        while any(hold.is_lease and hold.expires_at >= clock.now() for hold in store.holds()):
            clock.sleep(0.01)


def _check(path: Path, clock: SystemClock) -> None:
    """Print the state of the limit, the result of `verify`, and the ids of all used calls."""
    with Keeper(path, CONFIG, "process", clock=clock) as keeper:
        (standing,) = keeper.status().limits
        _say(str(standing.used))
        _say(str(standing.reserved))
        _say(str([problem.what for problem in keeper.verify()]))
        for event in keeper.events():
            if event.quantities.get("requests"):
                _say(event.id)


if __name__ == "__main__":
    print(*lived(Case(sys.argv[1], int(sys.argv[2]), *(x == "1" for x in sys.argv[3]))), sep="\n")
