"""Tuples in the ledger's state: the balances in which a call counts, and crossed thresholds."""

from __future__ import annotations

from typing import NamedTuple

from quotakeeper.domain.ledger.reservations import Balance
from quotakeeper.domain.limits import Account, Limit
from quotakeeper.domain.units import Meter

# Identifies a threshold within an account: the limit's name, its amount, and the level.
Level = tuple[str, int, int]


class CountedBalance(NamedTuple):
    """The balance of `account` for the slice that starts at `start_at`. A call counts in this
    balance.
    """

    account: Account
    meter: Meter
    start_at: int
    balance: Balance


class LimitBalance(NamedTuple):
    """A limit that applies to a call, and the balance of this limit.

    `balance` is None for a rolling window, where several slices count. It is also None if no
    balance is kept.
    """

    limit: Limit
    meter: Meter
    balance: Balance | None


class Mark(NamedTuple):
    """The newest crossing of a threshold. `stands` is True as long as the threshold is crossed.

    `start_at` is the start of the period, or 0 for a rolling window. `turn` is the number of the
    crossing in this period.
    """

    start_at: int
    turn: int
    stands: bool
