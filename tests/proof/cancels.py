"""Cancels coroutines at every await: operations of the keeper, and streams that the hooks meter.

The driver is that of the engine's tests (`tests/engine/cancelling`). It cancels every operation after
0, 1, 2 and more turns of the event loop, until the operation ends first. The store works, or blocks
before it writes, or blocks after it has written. The checks then prove that the results are those of
some order, so an operation that went on after its cancellation was carried out correctly.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from quotakeeper import Keeper
from quotakeeper.intercept import import_hook
from tests.engine.cancelling import GATES, OPERATIONS, cancel_at
from tests.engine.support import config, limit
from tests.intercept.conftest import Watched
from tests.intercept.scripted import FIRST, SECOND, STREAMED, Got, Line, ScriptedServer, chunk
from tests.intercept.test_streams import AWAITED, PATH
from tests.proof.ledgers_under_test import MEMORY
from tests.proof.parts import Part, Report
from tests.proof.proving import problems
from tests.proof.recording import Recording

ORDER = 30
WEIGHT = 1
PROMISE = (
    "A coroutine cancelled at any await leaves nothing reserved and loses nothing that was used, "
    "and the ledger goes on. The same holds for a stream that is cancelled while it is read "
    "(I13)."
)
PROMISE_VI = (
    "Coroutine bị hủy ở bất kỳ await nào cũng không để lại chỗ giữ, không mất phần đã dùng, và sổ "
    "vẫn chạy tiếp. Luồng bị hủy giữa chừng cũng vậy (I13)."
)
MOST_TURNS = 40


def run(minutes: float, seed: int, report: Report) -> Part:
    """Cancel every operation at every turn once; then repeat while there is time, because threads meet
    by chance.
    """
    began = time.perf_counter()
    found: list[str] = []
    counts: Counter[str] = Counter()
    rounds = 0
    while rounds == 0 or (not found and time.perf_counter() - began < minutes * 60):
        for ledger in ("memory:", "file"):
            found += keepers(ledger, counts)
        found += streams(counts)
        rounds += 1
        report(f"{rounds} rounds, {counts.total():,} cancelled")
    spent = round(time.perf_counter() - began, 1)
    notes = (f"{rounds} rounds: " + ", ".join(f"{name}: {n:,}" for name, n in counts.items()),)
    return Part("cancels", PROMISE, counts.total(), found, seed, spent, notes)


def keepers(ledger: str, counts: Counter[str]) -> list[str]:
    """Cancel all operations of a keeper at every turn."""
    found: list[str] = []
    with TemporaryDirectory(dir=MEMORY) as folder:
        path = ledger if ledger == "memory:" else Path(folder) / "ledger.db"
        recording = Recording()
        with Keeper(path, config(limit(10**6)), "process", on_warning=lambda _: None) as keeper:
            recording.watch(keeper)
            for operation in OPERATIONS:
                for gate in GATES:
                    found += _at_every_turn(keeper, operation, gate, counts)
            found += problems(keeper, recording.operations)
    return found


def _at_every_turn(
    keeper: Keeper, operation: str, gate: str, counts: Counter[str]
) -> Iterator[str]:
    # With a blocked store the operation never ends by itself. A few turns reach every await in it.
    for turns in range(MOST_TURNS if gate == "open" else 6):
        counts[f"keeper, store {gate}"] += 1
        try:
            if not cancel_at(keeper, operation, turns, gate):
                return
        except AssertionError as error:
            yield str(error)
            return


def streams(counts: Counter[str]) -> list[str]:
    """Cancel a stream at every turn, with each asynchronous library."""
    found: list[str] = []
    for name in AWAITED:
        for turns in (*range(30), 40, 60, 90):
            counts["streams"] += 1
            found += _stream(name, turns)
    return found


def _stream(name: str, turns: int) -> list[str]:
    def script(request: Got, line: Line) -> None:
        line.send(STREAMED + chunk(FIRST))
        line.send(chunk(SECOND) + b"0\r\n\r\n")

    async def read(url: str) -> None:
        async with AWAITED[name](url) as chunks:
            async for _ in chunks:
                pass

    async def cancelled(url: str) -> None:
        task = asyncio.create_task(read(url))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    with TemporaryDirectory(dir=MEMORY) as folder, ScriptedServer(script) as server:
        watched = Watched(Path(folder))
        try:
            watched()
            asyncio.run(cancelled(server.url + PATH))
            events = watched.events()
            keeper: Any = watched.watching[-1].keeper
            held, asked = keeper.status().open_reservations, len(server.got)
        finally:
            watched.close()
            import_hook.uninstall()
    where = f"{name} cancelled after {turns} turns"
    wrong = []
    if held:
        wrong.append(f"{where}: {held} still held")
    if len(events) > 1 or (asked and not events):
        wrong.append(f"{where}: {asked} requests arrived and {len(events)} were counted")
    if any(event.quantities.get("input_tokens", 0) == 0 for event in events):
        wrong.append(f"{where}: counted as free")
    return wrong
