"""Tuples of the ledger's state: the balances that a call counts in, and crossed thresholds."""

from __future__ import annotations

from typing import NamedTuple

from quotakeeper.domain.ledger.reservations import Balance
from quotakeeper.domain.limits import Account, Limit
from quotakeeper.domain.units import Meter

# Identifies a threshold within an account: the limit's name, its amount, and the level.
Level = tuple[str, int, int]


class CountedBalance(NamedTuple):
    """A balance that a call counts in: the one of `account` for the slice that starts at
    `start_at`."""

    account: Account
    meter: Meter
    start_at: int
    balance: Balance


class LimitBalance(NamedTuple):
    """A limit that applies to a call, and its balance.

    `balance` is None for a rolling window, where several slices count, and if no balance is kept.
    """

    limit: Limit
    meter: Meter
    balance: Balance | None


class Mark(NamedTuple):
    """The newest crossing of a level: its period, its turn, and whether the level is still crossed."""

    start_at: int
    turn: int
    stands: bool
