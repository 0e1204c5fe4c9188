"""Part: a signal arrives at every step of a call: Ctrl-C, a request to end, a fork in the handler.

The signal is sent at each system call of the process in turn. At that moment the keeper's worker is
inside its batch, and the main thread waits for it.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from quotakeeper import Keeper, Provenance
from quotakeeper.errors import LedgerUnavailableError
from tests.proof import lifetime
from tests.proof.apart import apart, scratch
from tests.proof.parts import Part
from tests.proof.tracer import Fault, say, trace

NAME = "interruptions"  # this module's name, by which the page finds the part
PROMISE = (
    "Ctrl-C, an orderly end or a fork may come at any step of a call. The program goes on, and "
    "nothing stays reserved. What was acknowledged is there once, and a child works beside its "
    "parent."
)
PROMISE_VI = (
    "Ctrl-C, lệnh kết thúc hay fork đến ở bất kỳ bước nào của một lượt gọi, chương trình vẫn chạy "
    "tiếp và không có gì bị giữ mãi. Điều đã xác nhận được ghi đúng một lần, và tiến trình con "
    "chạy được bên cạnh tiến trình cha."
)
ORDER = 25
WEIGHT = 0.5
NEEDS = "tracing"
_USR1 = getattr(signal, "SIGUSR1", 0)  # Windows has none, so it skips the part
SIGNALS = {"Ctrl-C": signal.SIGINT, "an orderly end": signal.SIGTERM, "a fork": _USR1}
_CONFIG = {
    "timezone": "UTC",
    "default_limits": False,
    "limit": [
        {"name": "cap", "provider": "gemini", "meter": "requests", "window": "day", "amount": 100}
    ],
}
_SHORT_FORM = 6  # every 6th call
_OVER = "over"
_REFUSED = 3
_CHILDREN = {0: "forked", _REFUSED: "refused"}


def run(minutes: float, seed: int, report: Callable[[str], None]) -> Part:
    """Interrupt every call from the opening on.

    The short form takes a sample from the first reservation on.
    """
    return apart(__name__, minutes, seed, report)


def alone(minutes: float, seed: int, report: Callable[[str], None]) -> Part:
    """Run in a process with one thread; the children have two."""
    warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads
    with scratch() as folder:  # imports modules that load late
        _live(folder)
    began, cases, found = time.monotonic(), 0, []
    begins = "" if minutes else lifetime.BEGIN
    for name, number in SIGNALS.items():
        calls = _calls(begins)
        chosen = (
            range(1, calls + 1)
            if minutes
            else range(1 + seed % _SHORT_FORM, calls + 1, _SHORT_FORM)
        )
        for at in chosen:
            cases += 1
            where = f"{name} at call {at} of {calls}"
            found += [f"{where}: {problem}" for problem in interrupted_at(at, number, begins)]
        report(f"{name}: at calls up to {calls}")
    return Part(NAME, PROMISE, cases, found, seed, time.monotonic() - began)


def _calls(begins: str) -> int:
    """How many system calls the operation makes."""
    with scratch() as folder:
        whole = trace(lambda: _live(folder), record=True, begins=begins)
    assert whole.said[-1] == "closed", whole.said
    before = whole.events[: whole.events.index(_OVER)]
    return sum(not isinstance(event, str) for event in before)


def interrupted_at(at: int, number: int, begins: str = "") -> Iterator[str]:
    """Send a signal at one call. Returns what is wrong with what followed."""
    with scratch() as folder:
        traced = trace(lambda: _live(folder), Fault(at, signal=number), begins=begins)
        yield from (line for line in traced.said if line.startswith(("raised", "wrong")))
        if traced.status or traced.said[-1] != "closed":
            yield f"it ended with {traced.status} after {traced.said[-1:]}"
        with Keeper(folder / "ledger.db", _CONFIG, "process") as keeper:
            yield from _problems(keeper, traced.said)


def _problems(keeper: Keeper, said: list[str]) -> Iterator[str]:
    if holds := keeper.reservations():
        yield f"still reserved: {[hold.id for hold in holds]}"
    yield from (problem.what for problem in keeper.verify())
    # The forking thread is in the middle of a read, so the child must be refused.
    if "refused" in said and "settled" not in said:
        yield "the child was refused, and nobody read"
    events = {event.id: event for event in keeper.events()}
    call = events.pop("call", None)
    if "settled" in said:
        if call is None or call.quantities["input_tokens"] != 7:
            yield f"it was settled at 7, and is {call}"
    elif "sent" in said and (call is None or call.quantities["input_tokens"] not in (7, 9)):
        yield f"it was sent, and is {call}"
    elif "reserved" not in said and call is not None and call.provenance is Provenance.REPORTED:
        yield f"it was never made, and is {call}"
    expected = {"afterwards", *(["child"] if "forked" in said else [])}
    if events.keys() != expected:
        yield f"the other events are {sorted(events)}, not {sorted(expected)}"


def _live(folder: Path) -> None:
    """In the child: make one call, whatever happens; then the program continues."""
    keeper: Keeper | None = None

    def fork(number: int, frame: FrameType | None) -> None:
        pid = os.fork()
        if pid == 0:
            _as_a_child(folder, keeper)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        say(_CHILDREN.get(status, f"wrong: the child ended with {status}"))

    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(_USR1, fork)
    try:
        keeper = Keeper(folder / "ledger.db", _CONFIG, "process")
        keeper.status()
        say(lifetime.BEGIN)
        with keeper.reserve("gemini", event_id="call", input_tokens=9) as call:
            say("reserved")
            call.mark_sent()
            say("sent")
            call.settle(input_tokens=7)
            say("settled")
        list(keeper.events())
        say(_OVER)
    except (KeyboardInterrupt, SystemExit) as error:
        say(f"interrupted by {type(error).__name__}")
        call = None
    _go_on(keeper or Keeper(folder / "ledger.db", _CONFIG, "process"))


def _go_on(keeper: Keeper) -> None:
    standing = keeper.status().limits[0]
    if standing.reserved:
        say(f"wrong: {standing.reserved} still reserved, {keeper.reservations()}")
    keeper.record("gemini", event_id="afterwards")
    keeper.close()
    say("closed")


def _as_a_child(folder: Path, keeper: Keeper | None) -> None:
    status = 1
    try:
        mine = keeper or Keeper(folder / "ledger.db", _CONFIG, "process")
        mine.record("gemini", event_id="child")
        mine.close()
        status = 0
    except LedgerUnavailableError as error:
        status = _REFUSED if "forked while its parent was using" in error.problem else 1
    finally:
        os._exit(status)
