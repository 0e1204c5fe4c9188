"""No number of processes and threads exceeds a hard limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from quotakeeper import Keeper, LimitExceeded
from tests.engine.support import config, limit, python, said
from tests.proof.proving import problems
from tests.proof.recording import Recording

_DRAW = """
import sys, threading
from pathlib import Path
from quotakeeper import Keeper, LimitExceeded
from tests.proof.recording import Recording
path, amount, durability, noted = sys.argv[1:]
limit = {"name": "cap", "provider": "gemini", "meter": "requests", "window": "day", "amount": amount}
recording = Recording()
keeper = recording.watch(Keeper(path, {"timezone": "UTC", "limit": [limit]}, durability))
admitted, barrier = [], threading.Barrier(8)
def draw():
    barrier.wait()
    try:
        while True:
            with keeper.reserve("gemini", model="gemini-2.0-flash") as call:
                admitted.append(call.id)
                call.settle(requests=1)
    except LimitExceeded as error:
        assert error.remaining == 0, error
sys.stdout.write("ready\\n"); sys.stdout.flush(); sys.stdin.readline()
threads = [threading.Thread(target=draw) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
keeper.close()
recording.save(Path(noted))
print(len(admitted))
"""


@pytest.mark.parametrize(("durability", "amount"), [("process", 10_000), ("power", 400)])
def test_four_processes_of_eight_threads_admit_exactly_the_limit(
    path: Path, durability: str, amount: int
) -> None:
    noted = [path.with_name(f"noted-{number}") for number in range(4)]
    children = [python(_DRAW, path, amount, durability, each) for each in noted]
    for child in children:
        assert child.stdout and child.stdout.readline() == "ready\n"
    counts = [int(said(child)) for child in children]

    assert sum(counts) == amount
    with Keeper(path, config(limit(amount))) as keeper:
        (standing,) = keeper.status().limits
        assert (standing.used, standing.reserved, standing.remaining) == (amount, 0, 0)
        with pytest.raises(LimitExceeded):
            keeper.reserve("gemini", model="gemini-2.0-flash")
        crossed = [entry.crossing.level for entry in keeper.entries() if entry.crossing]
        assert crossed == [amount * 8 // 10, amount * 95 // 100, amount]  # once for all processes
        assert len(list(keeper.entries())) == 2 * amount + 3
        recording = Recording()
        for each in noted:
            recording.load(each)
        assert problems(keeper, recording.operations) == []
