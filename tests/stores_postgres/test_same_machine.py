"""Is it the same machine? Random scripts of every command on SQLite and on PostgreSQL, by turns.

Two stores share the ledger in PostgreSQL, so what one of them has cached is always in danger. After
each batch the outcomes are equal, and time and again journals, balances and holds.
Longer: QUOTAKEEPER_SAME_STEPS=20000 pytest tests/stores_postgres/test_same_machine.py; another seed:
QUOTAKEEPER_SAME_SEED=7.
"""

from __future__ import annotations

import os
from random import Random

import pytest

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger import order_commands as o
from quotakeeper.testing.ledger_case import HOUR, MINUTE
from quotakeeper.testing.strategies import LIMITS, STEPS, CommandMaker
from tests.stores_postgres.same import Pair

STEPS_A_SCRIPT = int(os.environ.get("QUOTAKEEPER_SAME_STEPS", "250"))
SEED = int(os.environ.get("QUOTAKEEPER_SAME_SEED", "1"))


def order(chance: Random) -> c.Command:
    """What a person may order."""
    limit = chance.choice(LIMITS)
    lasts = chance.choice((MINUTE, HOUR, 30 * HOUR))
    provider = chance.choice(("", "gemini", "deepgram"))
    return chance.choice(
        (
            o.PauseCalls(provider, "why", "an@host", MINUTE),
            o.ResumeCalls(provider, "", "an@host"),
            o.AcceptClock(lasts, "why", "an@host"),
            o.RaiseLimit(limit.name, limit.account.key, 2 * limit.amount, lasts, "why", "an@host"),
        )
    )


@pytest.mark.parametrize("seed", [SEED, SEED + 1])
def test_random_scripts_mean_the_same(pair: Pair, seed: int) -> None:
    chance = Random(seed)
    make = CommandMaker(chance, around=pair.clock.now())
    for step in range(STEPS_A_SCRIPT):
        make.generation = step // 5
        commands = make.batch()
        if chance.randint(0, 19) == 0:
            commands.append(order(chance))
        pair.apply(chance.randint(0, 1), commands)
        pair.clock._now += chance.choice(STEPS)
        if step % 25 == 0:
            pair.compare(chance.randint(0, 1))
        if step % 100 == 99:
            pair.audit()
            pair.reopen(chance.randint(0, 1))
    pair.compare(0)
    pair.audit()
    print(f"seed {seed}: {dict(pair.seen)}")
    assert pair.seen["Denied"] > 0
