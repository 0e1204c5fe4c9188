"""Where a call counts, and where the thresholds of limits stand: plain tuples of the ledger's state."""

from __future__ import annotations

from typing import NamedTuple

from quotakeeper.domain.ledger.reservations import Balance
from quotakeeper.domain.limits import Account, Limit
from quotakeeper.domain.units import Meter

# A threshold of a limit, within its account: the limit's name, its amount, the level.
Level = tuple[str, int, int]


class CountedBalance(NamedTuple):
    """A balance that a call counts in: of an account, over the slice that starts at `start_at`."""

    account: Account
    meter: Meter
    start_at: int
    balance: Balance


class LimitBalance(NamedTuple):
    """A limit that applies to a call, and the balance that counts against it.

    `balance` is None where several slices count (a rolling window), and where none is kept.
    """

    limit: Limit
    meter: Meter
    balance: Balance | None


class Mark(NamedTuple):
    """The newest crossing of a level: in which period, in which turn, and whether it stands."""

    start_at: int
    turn: int
    stands: bool
