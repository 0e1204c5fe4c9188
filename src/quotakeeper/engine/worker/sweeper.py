"""The sweeper: ends expired reservations and those of processes that have ended.

A lease is released only if its holder's journal was read. Otherwise the rest of it is assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from quotakeeper.domain.ledger.commands import Sweep
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.ports import LedgerWriter, Store
from quotakeeper.engine.background_writes import Apply, plainly
from quotakeeper.engine.journals.ended_calls import EndedCalls
from quotakeeper.engine.journals.replay import LeaseReplay

MOST_AT_ONCE = 1_000

# Releases leases of this process by id, because its worker knows all calls on them.
GiveBack = Callable[[Collection[str], LedgerWriter, int], None]


def sweep(
    store: Store, now: int, leases: LeaseReplay, apply: Apply = plainly,
    give_back: GiveBack | None = None, ended: EndedCalls | None = None,
) -> None:  # fmt: skip
    """End expired reservations and those of ended owners: sent calls are assumed, others released.

    The lease journals of ended owners are booked first, and the rest of their leases is released.
    Their notes of ended calls and of open sessions are booked next. If the holder of an expired
    lease may still run, it is fenced and its journal is booked.
    """
    dead = store.dead_owners()
    replayed = leases.replay(store, now)
    if ended is not None:
        ended.replay(store, now)
    # Booking a journal can open reservations of an owner: calls that were under way when it ended.
    dead = (dead | replayed.booked) - replayed.unread
    end_holds(store, dead, now, leases, apply, give_back)
    if dead:
        store.bury(dead)


def end_holds(
    store: Store, owners: frozenset[str], now: int, leases: LeaseReplay, apply: Apply = plainly,
    give_back: GiveBack | None = None,
) -> None:  # fmt: skip
    """End all open reservations of these owners, and all expired ones, batch by batch.

    A lease whose holder's journal cannot be read is assumed.
    """

    def read(overdue: Sequence[Hold]) -> frozenset[str]:
        mine = frozenset(hold.id for hold in overdue if hold.owner == store.owner)
        if mine and give_back is not None:
            give_back(mine, store, now)
        others = [hold for hold in overdue if hold.owner != store.owner]
        return mine | leases.read(store, now, others)

    known = unknown = frozenset[str]()
    while True:
        command = Sweep(owners, MOST_AT_ONCE, read=known, unread=unknown)
        swept: Any = apply(store, [command], now)[0]
        if swept.leases:
            known = read(swept.leases)
            unknown = frozenset(hold.id for hold in swept.leases) - known
        elif swept.expired + swept.assumed < MOST_AT_ONCE:
            return
