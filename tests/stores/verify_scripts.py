"""Random scripts for stores that verify what is new: used for SQLite and for PostgreSQL."""

from __future__ import annotations

from collections import Counter
from random import Random

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger import order_commands as o
from quotakeeper.domain.ports import Store
from quotakeeper.stores.sql.verify_new import COMPACTED
from quotakeeper.testing.clock import FakeClock
from quotakeeper.testing.ledger_case import HOUR, MINUTE
from quotakeeper.testing.strategies import LIMITS, STEPS, CommandMaker


def orders(chance: Random) -> c.Command:
    """An order of a person."""
    limit = chance.choice(LIMITS)
    return chance.choice(
        (
            o.PauseCalls("gemini", "why", "an@host", MINUTE),
            o.ResumeCalls("", "", "an@host"),
            o.RaiseLimit(limit.name, limit.account.key, 2 * limit.amount, HOUR, "why", "an@host"),
        )
    )


def run_script(store: Store, seed: int, steps: int) -> Counter[str]:
    """Run a random script, and verify what is new now and then; return how often each way was taken.

    Every account is watched from the first, so nothing but a compaction needs a whole run.
    """
    chance, clock = Random(seed), FakeClock("2027-03-13T23:50:00Z")
    make = CommandMaker(chance, around=clock.now())
    ways: Counter[str] = Counter()
    store.apply([c.Watch(tuple(limit.account for limit in LIMITS))], clock.now())
    for step in range(steps):
        make.generation = step // 5
        commands = make.batch()
        if chance.randint(0, 9) == 0:
            commands.append(orders(chance))
        store.apply(commands, clock.now())
        clock._now += chance.choice(STEPS)
        if step % 97 == 96:
            ways["compacted"] += store.compact(clock.now() - 30 * HOUR, clock.now()).entries > 0
        if chance.randint(0, 4) == 0:
            found = store.verify_new()
            assert found.problems == (), (seed, step, found)
            assert found.why_whole in ("", COMPACTED), (seed, step, found)
            ways[found.why_whole or ("new" if found.after else "first")] += found.newest > 0
    assert store.verify() == []
    print(f"seed {seed}: {dict(ways)}")
    return ways
