"""kill -9 at any moment: acknowledged calls are in the ledger, and open calls are resolved once."""

from __future__ import annotations

import os
import random
import signal
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from quotakeeper import Keeper, Provenance
from tests.engine.support import config, limit, python

ROUNDS = 100

# One process imports everything, then forks the writer of each round, because a start is expensive.
_NURSERY = """
import os, sys, threading
from quotakeeper import Keeper
def say(*words): os.write(1, (" ".join(words) + "\\n").encode())
def write(path, number):
    limit = {"name": "cap", "provider": "gemini", "meter": "requests", "window": "day",
             "amount": 10**9}
    keeper = Keeper(path, {"timezone": "UTC", "limit": [limit]}, "process")
    def loop(act, name):
        n = 0
        while True:
            act(f"{number}-{name}-{n}")
            n += 1
    def record(id):
        keeper.record("gemini", input_tokens=5, event_id=id)
        say("recorded", id)
    def call(id):
        call = keeper.reserve("gemini", input_tokens=9, event_id=id)
        say("held", id)
        call.mark_sent()
        say("sent", id)
        call.settle(input_tokens=7)
        say("settled", id)
    def drop(id):
        call = keeper.reserve("gemini", input_tokens=9, event_id=id)
        say("held", id)
        call.release()
        say("released", id)
    for act in (record, call, drop):
        threading.Thread(target=loop, args=(act, act.__name__), daemon=True).start()
    threading.Event().wait()
for line in sys.stdin:
    pid = os.fork()
    if not pid:
        write(sys.argv[1], line.strip())
    say("pid", str(pid))
    os.waitpid(pid, 0)
    say("gone")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kill -9 and fork are of POSIX")
def test_a_hundred_killed_writers_lose_no_acknowledged_call(path: Path) -> None:
    seed = int(os.environ.get("QUOTAKEEPER_TEST_SEED") or random.SystemRandom().randrange(10**9))
    sys.stdout.write(f"REPRO: QUOTAKEEPER_TEST_SEED={seed}\n")
    chance = random.Random(seed)
    nursery = python(_NURSERY, path)
    assert nursery.stdin and nursery.stdout
    acknowledged: dict[str, set[str]] = defaultdict(set)
    for number in range(ROUNDS):
        nursery.stdin.write(f"{number}\n")
        nursery.stdin.flush()
        pid, left = 0, chance.randrange(60)
        for line in nursery.stdout:
            word, _, what = line.strip().partition(" ")
            if word == "gone":
                break
            if word == "pid":
                pid = int(what)
            else:
                acknowledged[word].add(what)
                left -= 1
            if left <= 0 and pid:
                for _ in range(chance.randrange(20_000)):  # a random moment within the next writes
                    pass
                os.kill(pid, signal.SIGKILL)
                left = 10**9
    nursery.stdin.close()
    nursery.stdout.close()
    assert nursery.stderr
    assert nursery.stderr.read() == ""
    nursery.stderr.close()
    nursery.wait()

    with Keeper(path, config(limit(10**9))) as keeper:
        keeper.status()
        assert keeper.reservations() == []
        assert keeper.verify() == []
        events = {event.id: event for event in keeper.events()}
        counted = len(events)
    assert len(acknowledged["recorded"]) > 100
    assert acknowledged["recorded"] <= events.keys()
    for id_ in acknowledged["settled"]:
        assert events[id_].quantities == {"input_tokens": 7, "requests": 1}
    for id_ in acknowledged["sent"] - acknowledged["settled"]:
        assert events[id_].provenance in (Provenance.ASSUMED, Provenance.REPORTED)
    for id_ in acknowledged["released"]:
        assert id_ not in events
    with Keeper(path, config(limit(10**9))) as again:  # another sweep changes nothing
        again.status()
        assert len(list(again.events())) == counted
        assert again.verify() == []
