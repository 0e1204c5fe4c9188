"""How many Python functions one reservation and its settlement call, in the caller and in the worker."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import quotakeeper
from quotakeeper import Keeper
from tests.engine.support import SECONDS, config, limit

CALL: dict[str, Any] = {"model": "gemini-2.0-flash", "operation": "translate"}
LIMITS = (
    limit(10**15, name="tokens", meter="tokens"),
    limit(10**6, name="money", meter="cost"),
    limit(10**9, name="calls", meter="requests"),
)
MOST_TO_RESERVE, MOST_TO_SETTLE = 60, 69
PACKAGE = f"{Path(quotakeeper.__file__).parent}"


class Counted:
    """Counts the calls of Python functions until the worker waits for its next batch."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.is_on = False
        self.over = threading.Event()  # the worker waits again
        self._caller = threading.get_ident()

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        # Methods of value classes are compiled from texts, so their file is "<Name.__init__>".
        is_ours = code.co_filename.startswith(PACKAGE) or code.co_filename.endswith("__>")
        if event != "call" or not self.is_on or not is_ours:
            return
        if threading.get_ident() != self._caller and self.over.is_set():
            return
        self.calls[f"{code.co_filename.removeprefix(PACKAGE)}:{code.co_qualname}"] += 1
        if code.co_name == "next_batch":
            self.over.set()

    def of(self, act: Callable[[], Any]) -> tuple[int, Any]:
        """Return how many functions `act` called, and what it returned."""
        self.calls.clear()
        self.over.clear()
        self.is_on = True
        found = act()
        assert self.over.wait(SECONDS)
        self.is_on = False
        return self.calls.total(), found


@contextmanager
def counted(keeper: Keeper) -> Iterator[Counted]:
    """Count in this thread and in the worker's."""
    counts, worker = Counted(), keeper._engine.worker
    worker.ask(lambda *_: sys.setprofile(counts))
    before = sys.getprofile()
    sys.setprofile(counts)
    try:
        yield counts
    finally:
        sys.setprofile(before)
        worker.ask(lambda *_: sys.setprofile(None))


def test_a_warm_call_calls_few_functions(tmp_path: Path) -> None:
    with Keeper(tmp_path / "ledger.db", config(*LIMITS), "process") as keeper:

        def reserve() -> Any:
            return keeper.reserve("gemini", **CALL, input_tokens=1_200, output_tokens=800)

        for _ in range(3):  # the first calls read prices, accounts and periods
            reserve().settle(input_tokens=1_180, output_tokens=640)
        with counted(keeper) as counts:
            # The least of a few: a period or a slot may end, and a sweep may be due.
            reserving, settling = [], []
            for _ in range(5):
                number, call = counts.of(reserve)
                reserving.append((number, Counter(counts.calls)))
                number, _ = counts.of(lambda: call.settle(input_tokens=1_180, output_tokens=640))  # noqa: B023 - at once
                settling.append((number, Counter(counts.calls)))
    for found, most in ((reserving, MOST_TO_RESERVE), (settling, MOST_TO_SETTLE)):
        number, calls = min(found, key=lambda each: each[0])
        assert number > 30, "nothing was counted"
        assert number <= most, "\n".join(f"{n} {name}" for name, n in sorted(calls.items()))
