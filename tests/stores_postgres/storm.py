"""One process of a storm: `python -m tests.stores_postgres.storm URL OWNER AMOUNT [locked]`.

It reserves and settles batches until a limit of AMOUNT tokens is full, and prints how many calls were
admitted and how its batches went.
"""

from __future__ import annotations

import json
import sys
import time

from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.stores.postgres.dsn import parse_dsn
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.testing.ledger_case import HOUR, LABELS, cap, tokens

BATCH = 5


def main(url: str, owner: str, amount: str, way: str = "") -> None:
    """Use the limit up, together with others."""
    limits = (cap(int(amount)), cap(10**9, "rolling", window="rolling 1h"))
    store = PostgresStore(parse_dsn(url), zone_named, owner=owner)
    store.is_conditional = way != "locked"
    admitted = number = 0
    while True:
        now = time.time_ns() // 1_000
        number += 1
        asked = [
            c.Reserve(f"{owner} {number} {n}", LABELS, tokens(1), limits, owner, HOUR, True)
            for n in range(BATCH)
        ]
        outcomes = store.apply(asked, now)
        held = [each.hold.id for each in outcomes if isinstance(each, c.Reserved)]
        admitted += len(held)
        if held:
            settled = store.apply([c.Settle(each, tokens(1), limits) for each in held], now)
            assert all(isinstance(each, c.Booked) for each in settled)
        if len(held) < BATCH:
            break
    store.close()
    print(json.dumps({"admitted": admitted, "ways": store.ways}))


if __name__ == "__main__":
    main(*sys.argv[1:])
