"""The sweeper: ends reservations past their time, and those of processes that have died."""

from __future__ import annotations

from typing import Any

from quotakeeper.domain.ledger.commands import Sweep
from quotakeeper.domain.ports import LedgerWriter, Store
from quotakeeper.engine.background_writes import Apply, plainly
from quotakeeper.engine.journals.replay import LeaseReplay

MOST_AT_ONCE = 1_000


def sweep(store: Store, now: int, leases: LeaseReplay, apply: Apply = plainly) -> None:
    """End what has expired and what dead owners left; sent calls are assumed, others released.

    What the dead did on their leases is booked first: what is left of those then comes back.
    """
    dead = store.dead_owners()
    dead -= leases.replay(store, now)
    if dead:
        leases.assume_lost(store, now, dead)
    end_holds(store, dead, now, apply)
    if dead:
        store.bury(dead)


def end_holds(
    store: LedgerWriter, owners: frozenset[str], now: int, apply: Apply = plainly
) -> None:
    """End all open reservations of these owners, and all that have expired, a batch at a time."""
    ended = MOST_AT_ONCE
    while ended >= MOST_AT_ONCE:
        swept: Any = apply(store, [Sweep(owners, MOST_AT_ONCE)], now)[0]
        ended = swept.expired + swept.assumed
