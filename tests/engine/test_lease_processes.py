"""Leases in many processes: they admit exactly the limit, and a killed process loses no use."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from quotakeeper import Keeper, LimitExceeded, Provenance
from tests.engine.support import SECONDS, config, limit, python, said, until

# Eight threads reserve until they are refused. A thread writes an id down once its call is settled.
_DRAW = """
import os, random, sys, threading, time
from quotakeeper import Keeper, LimitExceeded
path, amount, lease, seed = sys.argv[1:]
limit = {"name": "cap", "provider": "gemini", "meter": "requests", "window": "day", "amount": amount}
keeper = Keeper(path, {"timezone": "UTC", "default_limits": False, "limit": [limit]}, "process",
                lease=lease)
barrier, chance = threading.Barrier(8), random.Random(seed)
settled = os.open(f"{path}.settled-{os.getpid()}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
counts = []
def draw(chance):
    barrier.wait()
    count = 0
    try:
        while True:
            call = keeper.reserve("gemini", model="gemini-2.0-flash", input_tokens=5,
                                  sent=chance.random() < 0.5)
            way = chance.random()
            if way < 0.1:
                call.release()
                continue
            if way < 0.2:
                call.grow(input_tokens=3)
            call.settle(input_tokens=4, requests=1)
            os.write(settled, f"{call.id}\\n".encode())
            count += 1
    except LimitExceeded as error:
        assert error.remaining == 0, error
    counts.append(count)
sys.stdout.write("ready\\n"); sys.stdout.flush(); sys.stdin.readline()
threads = [threading.Thread(target=draw, args=(random.Random(chance.random()),)) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(counts) == 8
keeper.close()
print(sum(counts))
"""


def started(path: Path, amount: int, lease: str, seed: int) -> subprocess.Popen[str]:
    child = python(_DRAW, path, amount, lease, seed)
    assert child.stdout and child.stdout.readline() == "ready\n"
    return child


def begin(children: list[subprocess.Popen[str]]) -> None:
    for child in children:
        assert child.stdin
        child.stdin.write("\n")
        child.stdin.flush()


def settled_ids(path: Path) -> set[str]:
    texts = [file.read_text() for file in path.parent.glob(f"{path.name}.settled-*")]
    return {line for text in texts for line in text.split("\n")[:-1]}


@pytest.mark.parametrize("number", range(10))
def test_many_processes_admit_exactly_the_limit(path: Path, number: int) -> None:
    seed = int(os.environ.get("QUOTAKEEPER_TEST_SEED") or random.SystemRandom().randrange(10**9))
    sys.stdout.write(f"REPRO: QUOTAKEEPER_TEST_SEED={seed}\n")
    chance = random.Random(seed)
    amount = 10_000 if number < 2 else chance.randrange(200, 2_000)
    lease = ("100", "auto")[number % 2] if number < 4 else str(chance.choice([4, 17, 100, 1_000]))
    children = [started(path, amount, lease, seed + each) for each in range(4)]
    begin(children)
    counts = [int(said(child)) for child in children]
    assert sum(counts) == amount == len(settled_ids(path))
    with Keeper(path, config(limit(amount)), lease=lease) as keeper:
        (standing,) = keeper.status().limits
        assert (standing.used, standing.reserved, standing.remaining) == (amount, 0, 0)
        with pytest.raises(LimitExceeded):
            keeper.reserve("gemini", model="gemini-2.0-flash")
        assert {event.id for event in keeper.events()} == settled_ids(path)
        assert keeper.verify() == [] == keeper.reservations()
    assert not [name for name in os.listdir(path.parent) if ".lease-" in name]


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is of POSIX")
@pytest.mark.parametrize("lease", ["100", "auto"])
def test_a_killed_process_loses_no_use_and_blocks_no_room(path: Path, lease: str) -> None:
    seed = int(os.environ.get("QUOTAKEEPER_TEST_SEED") or random.SystemRandom().randrange(10**9))
    sys.stdout.write(f"REPRO: QUOTAKEEPER_TEST_SEED={seed}\n")
    amount, chance = 4_000, random.Random(seed)
    children = [started(path, amount, lease, seed + each) for each in range(4)]
    begin(children)
    fatal = chance.randrange(50, 1_000)
    until(lambda: len(settled_ids(path)) > fatal)
    children[0].send_signal(signal.SIGKILL)
    children[0].communicate(timeout=SECONDS)
    for child in children[1:]:
        said(child)
    with Keeper(path, config(limit(amount)), "process") as keeper:
        (standing,) = keeper.status().limits
        assert (standing.used, standing.reserved) == (amount, 0)  # its lease is used too
        events = {event.id: event for event in keeper.events()}
        acknowledged = settled_ids(path)
        assert acknowledged <= set(events)
        assert all(events[each].provenance is Provenance.REPORTED for each in acknowledged)
        assumed = [each for each in events.values() if each.provenance is Provenance.ASSUMED]
        assert len(assumed) <= 8  # one for each thread
        assert keeper.verify() == []
    assert not [name for name in os.listdir(path.parent) if ".lease-" in name]


def stop_outside_a_transaction(child: subprocess.Popen[str], path: Path) -> None:
    """Stop `child` at a moment when it does not hold the file's write lock.

    A stopped process would keep the lock, and no other process could take it.
    """
    other = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        while True:
            child.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, child.pid, os.WSTOPPED)
            try:
                other.execute("BEGIN IMMEDIATE")
                other.execute("ROLLBACK")
                return
            except sqlite3.OperationalError as error:
                assert error.sqlite_errorname.startswith("SQLITE_BUSY"), error
                child.send_signal(signal.SIGCONT)
    finally:
        other.close()


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="SIGSTOP is of POSIX")
def test_a_stopped_process_is_not_waited_for_without_end(path: Path) -> None:
    code = """
import sys
from quotakeeper import Keeper
from tests.engine.support import config, limit
keeper = Keeper(sys.argv[1], config(limit(100)), "process", lease=20)
keeper.reserve("gemini", model="gemini-2.0-flash").settle(requests=1)
print("leased", flush=True)
sys.stdin.readline()
keeper.reserve("gemini", model="gemini-2.0-flash").settle(requests=1)
keeper.close()
"""
    child = python(code, path, cwd=str(Path(__file__).resolve().parents[2]))
    assert child.stdout and child.stdout.readline() == "leased\n"
    stop_outside_a_transaction(child, path)
    try:
        with Keeper(path, config(limit(100)), "process") as keeper:
            admitted = 0
            with pytest.raises(LimitExceeded) as caught:
                while True:
                    call = keeper.reserve("gemini", model="gemini-2.0-flash")
                    call.settle(requests=1)
                    admitted += 1
            # The process was stopped either with its lease, or after it gave an idle lease back.
            held = caught.value.decision.blocking.reserved
            assert admitted + held in (99, 100) and held <= 20
    finally:
        child.send_signal(signal.SIGCONT)
        child.communicate("\n", timeout=SECONDS * 2)


def test_a_program_that_ends_without_close_gives_its_lease_back(path: Path) -> None:
    code = """
import sys
from quotakeeper import Keeper
from tests.engine.support import config, limit
keeper = Keeper(sys.argv[1], config(limit(100)), "process", lease=20)
for _ in range(3):
    keeper.reserve("gemini", model="gemini-2.0-flash").settle(requests=1)
left = keeper.reserve("gemini", model="gemini-2.0-flash", sent=True)
"""
    said(python(code, path, cwd=str(Path(__file__).resolve().parents[2])))
    assert not [name for name in os.listdir(path.parent) if ".lease-" in name]
    with Keeper(path, config(limit(100)), "process") as keeper:
        (standing,) = keeper.status().limits
        assert (standing.used, standing.reserved) == (4, 0) and keeper.verify() == []


def test_a_lease_that_a_slow_process_holds_is_called_back(path: Path) -> None:
    code = """
import sys, threading
from quotakeeper import Keeper, LimitExceeded
from tests.engine.support import config, limit
keeper = Keeper(sys.argv[1], config(limit(1_000)), "process", lease=100)
done = threading.Event()
def slowly():
    while not done.wait(0.02):
        try:
            keeper.reserve("gemini", model="gemini-2.0-flash", input_tokens=5).settle(requests=1)
        except LimitExceeded:
            pass
thread = threading.Thread(target=slowly)
keeper.reserve("gemini", model="gemini-2.0-flash", input_tokens=5).settle(requests=1)
thread.start()
print("leased", flush=True)
sys.stdin.readline()
done.set()
thread.join()
keeper.close()
"""
    slow = python(code, path, cwd=str(Path(__file__).resolve().parents[2]))
    assert slow.stdout and slow.stdout.readline() == "leased\n"
    children = [started(path, 1_000, "20", each) for each in range(2)]
    begin(children)
    for child in children:
        said(child)
    with Keeper(path, config(limit(1_000)), "process") as keeper:
        (standing,) = keeper.status().limits
        slow.communicate("\n", timeout=SECONDS)
        assert (standing.used, standing.reserved) == (1_000, 0)
        assert keeper.verify() == []
