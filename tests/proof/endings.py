"""Part: a program ends in every state of a keeper, in every way in which a program can end.

Each case is a program that is forked from this process. It either ends like a real interpreter, with
all exit handlers, or is killed.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

from quotakeeper import Keeper, Provenance
from tests.proof.apart import apart, scratch
from tests.proof.parts import Part
from tests.proof.programs import CONFIG, SECONDS, STATES, Program, ended, imported

NAME = "endings"  # this module's name, by which the page finds the part
PROMISE = (
    "A program may end in any way, whatever it is doing, and it ends in time. What was "
    "acknowledged is there. What it left open is resolved once: released, or assumed if it was "
    "sent."
)
PROMISE_VI = (
    "Chương trình kết thúc cách nào, đang làm gì, cũng kết thúc đúng lúc. Điều đã xác nhận vẫn "
    "còn. Những gì còn mở được xử lý đúng một lần: trả lại, hoặc ghi theo ước tính nếu đã gửi đi."
)
ORDER = 27
WEIGHT = 0.2
NEEDS = "fork"


def run(minutes: float, seed: int, report: Callable[[str], None]) -> Part:
    """Run all cases, as often as the minutes allow."""
    return apart(__name__, minutes, seed, report)


def alone(minutes: float, seed: int, report: Callable[[str], None]) -> Part:
    """Run in a process that holds nothing when it forks."""
    warnings.simplefilter("ignore", DeprecationWarning)  # warnings of forks beside threads
    imported()
    began, cases, found = time.monotonic(), 0, []
    while not cases or time.monotonic() - began < minutes * 60:
        for state, end in product(STATES, _ENDS):
            cases += 1
            found += [f"{end} when {state}: {problem}" for problem in ended_at(state, end)]
        report(f"ended in {cases} ways, {len(found)} found")
    return Part(NAME, PROMISE, cases, found, seed, time.monotonic() - began)


def _by_exception(program: Program) -> None:
    raise ZeroDivisionError("the program's own")


_ENDS: dict[str, Callable[[Program], object]] = {
    "its end": lambda program: None,
    "sys.exit": lambda program: sys.exit(0),
    "an exception": _by_exception,
    "os._exit": lambda program: os._exit(0),
    "SIGTERM": lambda program: os.kill(os.getpid(), signal.SIGTERM),
    "SIGKILL": lambda program: os.kill(os.getpid(), signal.SIGKILL),
}

_ORDERLY = {"its end": 0, "sys.exit": 0, "an exception": 1}
_STATUSES = {**_ORDERLY, "os._exit": 0, "SIGTERM": -15, "SIGKILL": -9}
_alive: list[Program] = []  # like a program's own globals, which live until the end


def ended_at(state: str, end: str) -> Iterator[str]:
    """A program that ends in a state. Returns what is wrong with what it left."""
    with scratch() as folder:
        pid = os.fork()
        if pid == 0:
            _ending(folder, state, _ENDS[end])
        status = ended(pid)
        if status != _STATUSES[end]:
            yield f"it ended with {status}"
        owners = folder / "ledger.db-owners"
        # A daemon thread may call after the exit handler, which opens the ledger again. The process
        # then ends and stops the thread. The calls that it left open are resolved below.
        orderly = end in _ORDERLY and state != "others_calling"
        if orderly and owners.is_dir() and os.listdir(owners):
            yield "it said that it ended in order, and did not"
        with Keeper(folder / "ledger.db", CONFIG, "process") as keeper:
            keeper.status()  # runs a sweep
            if holds := keeper.reservations():
                yield f"still reserved: {[hold.id for hold in holds]}"
            yield from (problem.what for problem in keeper.verify())
            events = {event.id: event for event in keeper.events()}
            if ("open" in events) != (state == "sent"):
                yield f"the reservation that was open is {events.get('open')}"
            if state == "sent" and events["open"].provenance is not Provenance.ASSUMED:
                yield f"what was sent is {events['open']}"
            if state in ("idle", "reading", "closed") and "before" not in events:
                yield "what was acknowledged is not there"


def _ending(folder: Path, state: str, end: Callable[[Program], object]) -> None:
    """The program's side: unwinds to the end of the main module and does not return."""
    signal.alarm(SECONDS)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # hides the traceback of its exception
    program = Program(folder)
    _alive.append(program)
    getattr(program, state)()
    end(program)
    sys.exit(0)
