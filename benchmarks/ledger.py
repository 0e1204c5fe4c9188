"""Benchmark of the ledger: a durable record, and a reservation with its settlement.

For comparison: one fdatasync of a 4 KiB append, and one plain SQLite transaction. It writes
the same rows into the same tables on one connection, as a program would write them by hand.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.machine import synced
from benchmarks.measuring import (
    PYTHON,
    ROOT,
    Line,
    alternating,
    child_environment,
    line,
    seconds,
)
from quotakeeper import Keeper
from quotakeeper.stores.sql.statements import statements
from quotakeeper.stores.sqlite.connection import SYNCHRONOUS

CALL: dict[str, Any] = {"model": "gemini-2.0-flash", "operation": "translate"}
_LIMITS = [
    {"name": "tokens", "provider": "gemini", "meter": "tokens", "window": "day", "amount": 10**15},
    {"name": "money", "provider": "gemini", "meter": "cost", "window": "day", "amount": 10**6},
    {"name": "calls", "provider": "gemini", "meter": "requests", "window": "day", "amount": 10**9},
]
CALLERS = {
    "one": "1 caller",
    "eight": "8 threads",
    "many": "64 threads",
    "tasks": "64 asyncio tasks",
    "processes": "4 processes of 64 asyncio tasks",
}
_WORK = """
import asyncio, sys
from pathlib import Path
from benchmarks.ledger import open_keeper, work_in_tasks
with open_keeper(Path(sys.argv[1]), sys.argv[2]) as keeper:
    print("ready", flush=True)
    sys.stdin.readline()
    asyncio.run(work_in_tasks(keeper, record=sys.argv[3] == "record"))
    print("done", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def _keeper(folder: Path, durability: str) -> Iterator[Keeper]:
    with open_keeper(folder / f"{os.urandom(6).hex()}.ledger", durability) as keeper:
        yield keeper


@contextmanager
def open_keeper(path: Path, durability: str) -> Iterator[Keeper]:
    """A keeper that has loaded all its modules."""
    with Keeper(path, {"timezone": "UTC", "limit": _LIMITS}, durability) as keeper:
        record_call(keeper)
        yield keeper


def record_call(keeper: Keeper) -> None:
    keeper.record("gemini", **CALL, input_tokens=1180, output_tokens=640)


def pair(keeper: Keeper) -> None:
    reservation = keeper.reserve("gemini", **CALL, input_tokens=1200, output_tokens=800)
    with reservation as call:
        call.settle(input_tokens=1180, output_tokens=640)


def rate(folder: Path, durability: str, act: Callable[[Keeper], None], threads: int) -> float:
    each = max(20, 640 // threads)
    with _keeper(folder, durability) as keeper:
        barrier = threading.Barrier(threads + 1)

        def work() -> None:
            barrier.wait()
            for _ in range(each):
                act(keeper)

        workers = [threading.Thread(target=work) for _ in range(threads)]
        for worker in workers:
            worker.start()

        def run() -> None:
            barrier.wait()
            for worker in workers:
                worker.join()

        return threads * each / seconds(run)


async def work_in_tasks(keeper: Keeper, *, record: bool) -> None:
    """Run 64 tasks, with 40 operations each."""

    async def one() -> None:
        for _ in range(40):
            if record:
                await keeper.arecord("gemini", **CALL, input_tokens=1180, output_tokens=640)
                continue
            asked = keeper.areserve("gemini", **CALL, input_tokens=1200, output_tokens=800)
            async with asked as call:
                await call.asettle(input_tokens=1180, output_tokens=640)

    await asyncio.gather(*(one() for _ in range(64)))


def tasks_rate(folder: Path, durability: str, *, record: bool) -> float:
    with _keeper(folder, durability) as keeper:
        return 64 * 40 / seconds(lambda: asyncio.run(work_in_tasks(keeper, record=record)))


def processes_rate(folder: Path, durability: str, *, record: bool) -> float:
    """Operations per second of four processes on one file, from the first start to the last end."""
    path = folder / f"{os.urandom(6).hex()}.ledger"
    words = [PYTHON, "-c", _WORK, str(path), durability, "record" if record else "pair"]
    environment = child_environment()
    environment["PYTHONPATH"] += os.pathsep + str(ROOT)
    workers = [
        subprocess.Popen(words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(4)
    ]

    def said(word: bytes) -> None:
        for worker in workers:
            assert worker.stdout is not None and worker.stdout.readline().strip() == word

    def tell() -> None:
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write(b"\n")
            worker.stdin.flush()

    said(b"ready")
    found = 4 * 64 * 40 / seconds(lambda: (tell(), said(b"done")))
    tell()
    for worker in workers:
        assert worker.wait() == 0
    return found


def bare_rate(folder: Path, durability: str, *, record: bool) -> float:
    """The rows of a record, or of a reservation and its settlement, written with plain SQL."""
    path = folder / f"{os.urandom(6).hex()}.ledger"
    with Keeper(path, {"timezone": "UTC", "limit": _LIMITS}, durability) as keeper:
        record_call(keeper)
        call = keeper.reserve("gemini", **CALL, input_tokens=1200, output_tokens=800)
        with sqlite3.connect(path) as looking:
            held = list(looking.execute("SELECT * FROM hold").fetchone())
        looking.close()
        call.settle(input_tokens=1180, output_tokens=640)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(SYNCHRONOUS[durability])
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    rows = list(connection.execute("SELECT * FROM entry ORDER BY seq"))
    booked, reserved, settled = (list(row) for row in rows[-3:])
    slices = list(connection.execute("SELECT * FROM balance"))
    slots = list(connection.execute("SELECT * FROM slot"))
    add, put = statements()["add_entry"], statements()["put_balance"]
    hold, drop = statements()["put_hold"], statements()["drop_hold"]
    put_slot = statements()["put_slot"]
    seq = rows[-1][0]

    def transaction(entry: list[object], after: Callable[[], object]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(add, entry)
        connection.executemany(put, slices)
        after()
        connection.execute("COMMIT")

    def used() -> None:
        connection.executemany(put_slot, slots)

    def ended(seq: int) -> None:
        used()
        connection.execute(drop, (seq,))

    def run() -> None:
        nonlocal seq
        for number in range(300):
            seq += 1
            id_ = f"01ARZ3NDEKTSV4RRFFQ{number:07d}"
            if record:
                transaction([seq, *booked[1:4], id_, *booked[5:]], used)
                continue
            first = seq
            transaction(
                [first, *reserved[1:4], id_, *reserved[5:]],
                partial(connection.execute, hold, (first, *held[1:])),
            )
            seq += 1
            transaction(
                [seq, *settled[1:3], first, *settled[4:]],
                partial(ended, first),
            )

    try:
        return 300 / seconds(run)
    finally:
        connection.close()


def run(rounds: int) -> list[Line]:
    """Run the benchmark. Returns all its lines."""
    lines: list[Line] = []
    with tempfile.TemporaryDirectory(prefix="quotakeeper-bench-") as name:
        folder = Path(name)
        raw = alternating({"raw": lambda: synced(folder)}, rounds)["raw"]
        lines.append(line("raw fdatasync of a 4 KiB append", raw, "per s", key="ledger.fdatasync"))
        for record in (True, False):
            for durability in ("power", "process"):
                lines += _compared(folder, durability, rounds, record=record)
    return lines


def _compared(folder: Path, durability: str, rounds: int, *, record: bool) -> list[Line]:
    act, what = (record_call, "record") if record else (pair, "reserve+settle")
    bare = f"bare SQLite, {durability}, rows of a {what}"
    found = alternating(
        {
            "bare": lambda: bare_rate(folder, durability, record=record),
            "one": lambda: rate(folder, durability, act, 1),
            "eight": lambda: rate(folder, durability, act, 8),
            "many": lambda: rate(folder, durability, act, 64),
            "tasks": lambda: tasks_rate(folder, durability, record=record),
            "processes": lambda: processes_rate(folder, durability, record=record),
        },
        rounds,
    )
    key = f"ledger.{'record' if record else 'pair'}.{durability}"
    lines = [line(bare, found["bare"], "per s", key=f"{key}.bare")]
    slower = [other / ours for ours, other in zip(found["one"], found["bare"], strict=True)]
    for who, title in CALLERS.items():
        base, against = found["one"], "one caller"
        if who == "one":
            base, against = found["bare"], "the bare rate"
        name = f"{what}, {durability}, {title}"
        lines.append(line(name, found[who], "per s", base, against, f"{key}.{who}"))
        if who == "one":
            name = f"  time of it, beside a bare {durability} one"
            lines.append(line(name, slower, "times", key=f"{key}.one.times"))
    return lines
