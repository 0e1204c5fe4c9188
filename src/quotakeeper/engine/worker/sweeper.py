"""The sweeper: ends expired reservations, and the reservations of processes that have ended.

A lease is released only if the lease journal of its process was read. Otherwise the unused rest of
the lease is assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from quotakeeper.domain.ledger.commands import Sweep
from quotakeeper.domain.ledger.reservations import Hold, process_of
from quotakeeper.domain.ports import LedgerWriter, Store
from quotakeeper.engine.background_writes import Apply, plainly
from quotakeeper.engine.journals.ended_calls import EndedCalls
from quotakeeper.engine.journals.replay import LeaseReplay

MOST_AT_ONCE = 1_000

# Releases leases of this process by id. This process has all calls on them in memory.
GiveBack = Callable[[Collection[str], LedgerWriter, int], None]


def sweep(
    store: Store, now: int, leases: LeaseReplay, apply: Apply = plainly,
    give_back: GiveBack | None = None, ended: EndedCalls | None = None,
) -> None:  # fmt: skip
    """End expired reservations, and the reservations of ended processes.

    Sent calls are assumed, other calls are released. First, the lease journals of ended processes
    are booked, and the rest of their leases is released. Then their notes of ended calls and of
    open sessions are booked. If the process of an expired lease may still run, it is fenced and its
    journal is booked.
    """
    dead = store.dead_owners()
    replayed = leases.replay(store, now)
    if ended is not None:
        ended.replay(store, now)
    # Booking a journal can open reservations: calls that were under way when their process ended.
    dead = (dead | replayed.booked) - replayed.unread
    end_holds(store, dead, now, leases, apply, give_back)
    if dead:
        store.bury(dead)


def end_holds(
    store: Store, owners: frozenset[str], now: int, leases: LeaseReplay, apply: Apply = plainly,
    give_back: GiveBack | None = None,
) -> None:  # fmt: skip
    """End all open reservations of the processes `owners`, and all expired reservations, in
    batches.

    A lease is assumed if the lease journal of its process cannot be read. A lease of another host is
    assumed when it has expired.
    """

    def read(overdue: Sequence[Hold]) -> frozenset[str]:
        mine = frozenset(hold.id for hold in overdue if process_of(hold.owner) == store.owner)
        if mine and give_back is not None:
            give_back(mine, store, now)
        others = [hold for hold in overdue if hold.id not in mine | away]
        return mine | leases.read(store, now, others)

    known = unknown = away = frozenset[str]()
    while True:
        command = Sweep(owners, MOST_AT_ONCE, read=known, unread=unknown, away=away)
        swept: Any = apply(store, [command], now)[0]
        if swept.leases:
            away |= leases.away(swept.leases)
            known = read(swept.leases)
            unknown = frozenset(hold.id for hold in swept.leases) - known - away
        elif swept.expired + swept.assumed < MOST_AT_ONCE:
            return
