"""A worker of the benchmark `costs`: it measures the package of one checkout, `python costing.py`.

It reads the name of a case from each line of standard input, and prints the figures of one run as a JSON
object. A metered case and its bare case run in this process, one right after the other. Times are in
microseconds unless a name says otherwise.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from benchmarks import ledger, overhead
from benchmarks.loopback import MODEL, Loopback, answer_body, loopback
from benchmarks.measuring import quantile
from benchmarks.starting import BARE
from quotakeeper import Keeper

Found = dict[str, float]
_US = 1_000_000
_TASKS, _EACH = 64, 20
_CHUNKS_STREAMS = 30
_PAIRS = 400


class Worker:
    """The cases of one checkout, with a server and a keeper that live through all runs."""

    def __init__(self, folder: Path, server: Loopback) -> None:
        self._folder = folder
        self._server = server
        self._bench = overhead.Bench(folder, server)

    def engine(self) -> Found:
        """Processor time of a call from its request to its settlement; 64 tasks, durable."""
        from quotakeeper.metering.call_meter import CallMeter

        with ledger.open_keeper(self._new(), "power") as keeper:
            meter = CallMeter(keeper, known_hosts={"127.0.0.1": "gemini"})
            asyncio.run(self._engine_tasks(meter, 2))  # one-time work
            start = time.process_time()
            asyncio.run(self._engine_tasks(meter, _EACH))
            spent = time.process_time() - start
        return {"processor": spent / (_TASKS * _EACH) * _US}

    async def _engine_tasks(self, meter: Any, each: int) -> None:
        from quotakeeper.providers.contract import Request

        body = answer_body()
        url = f"https://generativelanguage.googleapis.com/v1beta/models/{MODEL}:generateContent"
        headers = {"content-type": "application/json"}

        async def one() -> None:
            for _ in range(each):
                attempt = await meter.abegin(Request("POST", url, headers, overhead.BODY))
                attempt.answered(200, headers)
                attempt.feed(body)
                await attempt.aend()

        await asyncio.gather(*(one() for _ in range(_TASKS)))

    def requests(self) -> Found:
        """`requests.post`, one after the other."""
        return self._calls(overhead.by_requests)

    def httpx(self) -> Found:
        """Calls by an asynchronous httpx client, one after the other."""
        return self._calls(overhead.by_httpx)

    def first_byte(self) -> Found:
        """The first byte of a stream whose server thinks for 20 ms."""
        return self._calls(lambda server: _run(overhead.streamed(server.stream, overhead.STREAMS)))

    def many_streams(self) -> Found:
        """500 streams at once: the time of all, in milliseconds."""
        found = {}
        for how in (BARE, overhead.PROCESS):
            with self._bench.watched(how) as flush:
                found[how] = _run(overhead.together(self._server.stream))[0] * 1000
                flush()
        return {"bare": found[BARE], "metered": found[overhead.PROCESS]}

    def chunks(self) -> Found:
        """Processor time of a stream of 100 chunks."""
        found = {}
        for how in (BARE, overhead.PROCESS):
            with self._bench.watched(how) as flush:
                start = time.process_time()
                _run(overhead.streamed(self._server.stream_of_100, _CHUNKS_STREAMS))
                flush()
                found[how] = (time.process_time() - start) / _CHUNKS_STREAMS * _US
        return {"bare": found[BARE], "metered": found[overhead.PROCESS]}

    def _calls(self, work: Callable[[Loopback], overhead.Latencies]) -> Found:
        found: Found = {}
        for name, how in (("bare", BARE), ("metered", overhead.PROCESS)):
            with self._bench.watched(how) as flush:
                latencies = work(self._server)
                flush()
            for percent in (50, 99):
                found[f"{name}_p{percent}"] = quantile(latencies, percent) * _US
        return found

    def ledger(self) -> Found:
        """Operations a second of one caller, of 64 tasks and of 4 processes, beside bare rows."""
        found: Found = {}
        for durability in ("power", "process"):
            for record in (True, False):
                name = f"{'record' if record else 'pair'}_{durability}"
                act = ledger.record_call if record else ledger.pair
                found[f"bare_{name}"] = ledger.bare_rate(self._folder, durability, record=record)
                found[name] = ledger.rate(self._folder, durability, act, 1)
        found["record_tasks"] = ledger.tasks_rate(self._folder, "power", record=True)
        found["pair_processes"] = ledger.processes_rate(self._folder, "power", record=False)
        return found

    def reserve(self) -> Found:
        """How long a caller waits for a reservation, by durability."""
        found: Found = {}
        for durability in ("process", "power"):
            with ledger.open_keeper(self._new(), durability) as keeper:
                taken = [_reserved(keeper) for _ in range(_PAIRS)]
            for percent in (50, 99):
                found[f"{durability}_p{percent}"] = quantile(taken, percent) * _US
        return found

    def _new(self) -> Path:
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        return folder / "ledger.db"

    def close(self) -> None:
        """Compare the ledgers with the calls that reached the server."""
        self._bench.check()


def _reserved(keeper: Keeper) -> float:
    start = time.perf_counter()
    call = keeper.reserve("gemini", **ledger.CALL, input_tokens=1200, output_tokens=800)
    taken = time.perf_counter() - start
    call.settle(input_tokens=1180, output_tokens=640)
    return taken


def _run(work: Awaitable[Any]) -> Any:
    async def go() -> Any:
        return await work

    return asyncio.run(go())


CASES = ("engine", "requests", "httpx", "first_byte", "many_streams", "chunks", "ledger", "reserve")


def main() -> int:
    """Run the cases that standard input names, until its end."""
    here: AbstractContextManager[str] = tempfile.TemporaryDirectory(prefix="quotakeeper-bench-")
    with here as folder, loopback() as server:
        worker = Worker(Path(folder), server)
        for line in sys.stdin:
            try:
                answer: dict[str, Any] = getattr(worker, line.strip())()
            except Exception as error:  # noqa: BLE001 - said to the parent, which leaves the case out
                answer = {"error": f"{type(error).__name__}: {error}"[:300]}
            print(json.dumps(answer), flush=True)
        worker.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
