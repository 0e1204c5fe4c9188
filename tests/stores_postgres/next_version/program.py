"""One process on a ledger that is migrated meanwhile: `python -m ... URL OWNER AMOUNT WAY VERSION`.

It reserves and settles batches of calls of one token. A program of this version goes on until the
ledger refuses it. One of the next version goes on until its input ends; then it fills the limit of
AMOUNT tokens with larger calls. Both print how many tokens were admitted.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import nullcontext, suppress
from threading import Event, Thread

from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.errors import LedgerVersionError
from quotakeeper.stores.postgres.dsn import parse_dsn
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.testing.ledger_case import HOUR, LABELS, cap, tokens
from tests.stores_postgres.next_version import next_version

BATCH, LARGE = 5, 997


class Program:
    """The calls of one process."""

    def __init__(self, store: PostgresStore, owner: str, amount: int) -> None:
        self.store, self.owner = store, owner
        self.limits = (cap(amount),)
        self.admitted = self.number = 0

    def batch(self, size: int) -> bool:
        """Make calls of `size` tokens. Returns whether all were admitted."""
        now = time.time_ns() // 1_000
        self.number += 1
        asked = [
            c.Reserve(f"{self.owner} {self.number} {n}", LABELS, tokens(size), self.limits,
                      self.owner, HOUR, True)
            for n in range(BATCH)
        ]  # fmt: skip
        outcomes = self.store.apply(asked, now)
        held = [each.hold.id for each in outcomes if isinstance(each, c.Reserved)]
        self.admitted += size * len(held)
        if held:
            self.store.apply([c.Settle(each, tokens(size), self.limits) for each in held], now)
        return len(held) == BATCH


def main(url: str, owner: str, amount: str, way: str, version: str) -> None:
    """Use the limit up, together with others."""
    is_next = version == "next"
    hurry = Event()
    Thread(target=_wait_for_end, args=(hurry,), daemon=True).start()
    with next_version() if is_next else nullcontext():
        store = PostgresStore(parse_dsn(url), zone_named, owner=owner)
        store.is_conditional = way == "guards"
        program, refused = Program(store, owner, int(amount)), ""
        try:
            while not (is_next and hurry.is_set()):
                program.batch(1)
            for size in (LARGE, 1):
                while program.batch(size):
                    pass
        except LedgerVersionError as error:
            refused = str(error)
        with suppress(LedgerVersionError):
            store.close()
    print(json.dumps({"admitted": program.admitted, "ways": store.ways, "refused": refused}))


def _wait_for_end(hurry: Event) -> None:
    sys.stdin.read()
    hurry.set()


if __name__ == "__main__":
    main(*sys.argv[1:])
