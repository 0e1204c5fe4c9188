"""The sweeper: ends reservations past their time, and those of processes that have died.

The room of a lease comes back only where its holder's journal has been read; else the rest of it is
assumed.
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

# Gives back leases of this process, by their ids: its worker knows all that was admitted on them.
GiveBack = Callable[[Collection[str], LedgerWriter, int], None]


def sweep(
    store: Store, now: int, leases: LeaseReplay, apply: Apply = plainly,
    give_back: GiveBack | None = None, ended: EndedCalls | None = None,
) -> None:  # fmt: skip
    """End what has expired and what dead owners left; sent calls are assumed, others released.

    What the dead did on their leases is booked first, and what is left of these comes back; then
    what they noted of calls that were ended, or of sessions under way. The holder of an overdue
    lease that is not known to be dead is fenced, and its journal is booked.
    """
    dead = store.dead_owners()
    replayed = leases.replay(store, now)
    if ended is not None:
        ended.replay(store, now)
    # Some had nothing open until their journal was booked: what was under way when they died.
    dead = (dead | replayed.booked) - replayed.unread
    end_holds(store, dead, now, leases, apply, give_back)
    if dead:
        store.bury(dead)


def end_holds(
    store: Store, owners: frozenset[str], now: int, leases: LeaseReplay, apply: Apply = plainly,
    give_back: GiveBack | None = None,
) -> None:  # fmt: skip
    """End all open reservations of these owners, and all that have expired, a batch at a time.

    A lease among them whose holder's journal cannot be read is assumed.
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
