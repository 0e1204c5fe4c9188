"""A worker process of the admission benchmark, in a contender's environment: `python admitting.py`.

It reads one JSON object a line from standard input: the contender and the number of attempts. It prints
that it is ready, waits for a line, makes the attempts, and prints the result.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

# This folder goes to the end of the path: a peer's environment may have modules of the same names.
sys.path.append(os.path.dirname(os.path.abspath(__file__)))

from contenders import ASKED, CALL, MADE, USED, Contender
from fleet_contenders import ON_SERVERS

_clock = time.perf_counter


class Tally:
    """The results of one process's attempts."""

    def __init__(self) -> None:
        self.admitted = self.refused = self.failed = 0
        self.took: list[float] = []
        self.why = ""
        self.lock = threading.Lock()

    def attempts(self, ask: Callable[[], bool], times: int) -> None:
        """Make the attempts of one thread."""
        admitted = failed = 0
        took = []
        for _ in range(times):
            start = _clock()
            try:
                yes = ask()
            except Exception as error:  # noqa: BLE001 - a contender's failure is a figure
                failed, self.why = failed + 1, f"{type(error).__name__}: {error}"[:200]
                continue
            if yes:
                took.append(_clock() - start)
                admitted += 1
        with self.lock:
            self.took += took
            self.admitted += admitted
            self.failed += failed
            self.refused += times - admitted - failed


def _in_threads(contender: Contender, tally: Tally, threads: int, each: int) -> tuple[float, float]:
    barrier = threading.Barrier(threads + 1)

    def work() -> None:
        barrier.wait()
        tally.attempts(contender.ask, each)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    _ready()
    started = time.monotonic()
    barrier.wait()
    for worker in workers:
        worker.join()
    return started, time.monotonic()


def _in_tasks(contender: Contender, tally: Tally, tasks: int, each: int) -> tuple[float, float]:
    import asyncio

    keeper = contender.keeper

    async def one() -> None:
        for _ in range(each):
            start = _clock()
            call = await keeper.areserve("gemini", **CALL, **ASKED)
            contender.first.append(_clock() - start)
            await call.asettle(**USED)
            tally.took.append(_clock() - start)
            tally.admitted += 1

    async def everyone() -> tuple[float, float]:
        _ready()
        started = time.monotonic()
        await asyncio.gather(*(one() for _ in range(tasks)))
        return started, time.monotonic()

    return asyncio.run(everyone())


def _ready() -> None:
    _answer({"ready": True})
    sys.stdin.readline()


def _answer(said: dict[str, Any]) -> None:
    print(json.dumps(said), file=_parent, flush=True)


def _microseconds(values: list[float], share: float) -> float | None:
    if not values:
        return None
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] * 1e6


def _carried_out(told: dict[str, Any]) -> dict[str, Any]:
    contender = (MADE | ON_SERVERS)[told["contender"]](told)
    tally = Tally()
    before = int(contender.ask())  # one-time work of the first call
    contender.first.clear()
    way = _in_tasks if told["tasks"] else _in_threads
    started, ended = way(contender, tally, told["tasks"] or told["threads"], told["each"])
    contender.close()
    return {
        "started": started, "ended": ended, "before": before, "admitted": tally.admitted,
        "refused": tally.refused, "failed": tally.failed, "why": tally.why,
        "p50": _microseconds(tally.took, 0.5), "p99": _microseconds(tally.took, 0.99),
        "first_p50": _microseconds(contender.first, 0.5),
        "first_p99": _microseconds(contender.first, 0.99),
    }  # fmt: skip


def main() -> int:
    """Read and run orders from standard input, line by line, until its end."""
    for asked in sys.stdin:
        try:
            answer = _carried_out(json.loads(asked))
        except Exception as error:  # noqa: BLE001 - said to the parent, which skips the case
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        _answer(answer)
    return 0


if __name__ == "__main__":
    # Text that a library prints must not mix with the results.
    _parent = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.exit(main())
