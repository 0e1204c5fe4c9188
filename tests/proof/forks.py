"""Part: a program forks in every state of a keeper; parent and child both continue with their own calls.

Each case is a program that is forked from this process. A child that reaches its end ends like a real
interpreter, with all exit handlers.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

from quotakeeper import Keeper, Provenance
from quotakeeper.domain.ledger.commands import Record
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.usage import CallLabels
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.stores.sql.state import SqlState
from tests.proof.apart import apart, scratch
from tests.proof.parts import Part
from tests.proof.programs import (
    CONFIG,
    SECONDS,
    STATES,
    WRONG,
    Program,
    ended,
    imported,
    in_child,
)

NAME = "forks"  # this module's name, by which the page finds the part
PROMISE = (
    "A program may fork in any state. Parent and child both go on, and neither ends or loses work "
    "of the other. What a child leaves open is resolved once."
)
PROMISE_VI = (
    "Chương trình có thể fork ở bất kỳ trạng thái nào. Cha và con đều chạy tiếp, không bên nào "
    "kết thúc hay làm mất phần của bên kia. Những gì con để lại còn mở được xử lý đúng một lần."
)
ORDER = 26
WEIGHT = 0.2
NEEDS = "fork"
DEEDS = ("nothing", "record", "reserve_and_leave", "drop", "settle", "fork_again")


def _falls_off(status: int) -> None:
    sys.exit(status)


ENDINGS: dict[str, Callable[[int], None]] = {"os._exit": os._exit, "its end": _falls_off}


def run(minutes: float, seed: int, report: Callable[[str], None]) -> Part:
    """Run all cases, as often as the minutes allow."""
    return apart(__name__, minutes, seed, report)


def alone(minutes: float, seed: int, report: Callable[[str], None]) -> Part:
    """Run in a process that has used no ledger before it forks."""
    warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads
    imported()
    began, cases, found = time.monotonic(), 0, []
    while not cases or time.monotonic() - began < minutes * 60:
        for state, deed, ending in product(STATES, DEEDS, ENDINGS):
            cases += 1
            where = f"forked when {state}, the child does {deed} and ends by {ending}"
            found += [f"{where}: {p}" for p in forked_at(state, deed, ENDINGS[ending])]
        cases += 1
        found += [f"forked in a transaction: {problem}" for problem in forked_in_a_transaction()]
        report(f"forked in {cases} ways, {len(found)} found")
    return Part(NAME, PROMISE, cases, found, seed, time.monotonic() - began)


def forked_at(state: str, deed: str, end: Callable[[int], None]) -> Iterator[str]:
    """A program that forks in a state. Returns what is wrong afterwards."""
    with scratch() as folder:
        pid = os.fork()
        if pid == 0:
            signal.alarm(SECONDS)
            _forking(folder, state, deed, end)
        if status := ended(pid):
            yield f"it ended with {status}"
        with Keeper(folder / "ledger.db", CONFIG, "process") as keeper:
            yield from _problems(keeper, deed)


def _forking(folder: Path, state: str, deed: str, end: Callable[[int], None]) -> None:
    """The program's side; does not return."""
    status = WRONG
    try:
        program = Program(folder)
        getattr(program, state)()
        in_child(getattr(program, deed), end)
        _as_before(program, deed, closed=state == "closed")
        status = 0
    except SystemExit:
        raise  # the child, on its way to its end
    except BaseException as error:  # noqa: BLE001 - a forked child must not return
        os.write(2, f"after the fork: {error!r}\n".encode())
    os._exit(status)


def _as_before(program: Program, deed: str, *, closed: bool) -> None:
    """The parent's side: its reservations are unchanged, and it continues."""
    if closed:
        program.keeper = Keeper(program.path, CONFIG, "process")
    keeper, call = program.keeper, program.call
    open_ids = {hold.id for hold in keeper.reservations()}
    if call is not None:
        assert (call.id in open_ids) == (deed != "settle"), "the child touched the parent's"
        if deed != "settle":
            call.settle(requests=1)
    keeper.record("gemini", event_id="afterwards")
    keeper.close()


def _problems(keeper: Keeper, deed: str) -> Iterator[str]:
    keeper.status()  # runs a sweep
    if holds := keeper.reservations():
        yield f"still reserved: {[hold.id for hold in holds]}"
    yield from (problem.what for problem in keeper.verify())
    events = {event.id: event for event in keeper.events()}
    expected = {"afterwards"}
    if deed in ("record", "fork_again", "reserve_and_leave"):
        expected.add("child")
    if missing := expected - events.keys():
        yield f"not there: {sorted(missing)}"
    left = events.get("child") if deed == "reserve_and_leave" else None
    if left is not None and left.provenance is not Provenance.ASSUMED:
        yield f"what the child left is {left}"


def forked_in_a_transaction() -> Iterator[str]:
    """Fork while a transaction of the ledger stays open: the child must be refused."""
    with scratch() as folder:
        pid = os.fork()
        if pid == 0:
            signal.alarm(SECONDS)
            _in_a_transaction(folder)
        if status := ended(pid):
            yield f"it ended with {status}"
        with Keeper(folder / "ledger.db", CONFIG, "process") as keeper:
            yield from (problem.what for problem in keeper.verify())
            if {event.id for event in keeper.events()} != {"before", "slow", "afterwards"}:
                yield f"the events are {[event.id for event in keeper.events()]}"


def _in_a_transaction(folder: Path) -> None:
    status = WRONG
    try:
        program = Program(folder)
        program.idle()
        inside, go = threading.Event(), threading.Event()
        save = SqlState.save

        def slowly(*arguments: Any) -> bool:
            saved = save(*arguments)
            inside.set()
            assert go.wait(SECONDS)
            return saved

        SqlState.save = slowly  # type: ignore[method-assign]
        program.keeper._engine.worker.post(
            Record("slow", CallLabels("gemini"), Figures({"requests": 1}))
        )
        assert inside.wait(SECONDS)
        program.keeper._engine.worker.patience = 0.05
        in_child(lambda: _is_refused(program), os._exit)
        program.keeper._engine.worker.patience = SECONDS
        go.set()
        program.keeper.record("gemini", event_id="afterwards")
        program.keeper.close()
        status = 0
    except BaseException as error:  # noqa: BLE001 - a forked child must not return
        os.write(2, f"in a transaction: {error!r}\n".encode())
    os._exit(status)


def _is_refused(program: Program) -> None:
    program.keeper._engine.worker.patience = SECONDS
    try:
        program.keeper.record("gemini", event_id="child")
    except LedgerUnavailableError as error:
        assert "forked while its parent was using" in str(error), error
    else:
        raise AssertionError("it wrote beside an open transaction of its parent")
