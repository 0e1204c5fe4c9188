"""Computes balances of any number of accounts from the journal, in one pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from quotakeeper.domain.ledger.account_index import AccountIndex
from quotakeeper.domain.ledger.call_record import CountedUse
from quotakeeper.domain.ledger.reservations import Balance
from quotakeeper.domain.limits import Account
from quotakeeper.domain.units import METERS, measure
from quotakeeper.domain.usage import CallLabels
from quotakeeper.domain.windows import Period, slice_at


class UsageSource(Protocol):
    """The part of a ledger's state that is needed to rebuild balances."""

    def period(self, account: Account, at: int) -> Period:
        """Return the period of an account's window that contains instant `at`."""

    def usage_since(self, since: int) -> Iterable[CountedUse]:
        """Yield the use that counts at `since` or later. Includes open reservations."""


class _Sums:
    """The sums of one account. The slice that was used last is cached."""

    __slots__ = ("account", "balance", "end_at", "meter", "since", "slices", "start_at")

    def __init__(self, account: Account, since: int) -> None:
        self.account, self.since, self.meter = account, since, METERS[account.meter]
        self.slices: dict[int, Balance] = {}
        self.balance = Balance()
        self.start_at = self.end_at = 0

    def move(self, source: UsageSource, at: int) -> None:
        """Select the slice that contains instant `at`."""
        account = self.account
        rolling = account.window.is_rolling
        part = slice_at(account.window, at) if rolling else source.period(account, at)
        self.start_at, self.end_at = part.start_at, part.end_at
        self.balance = self.slices.setdefault(part.start_at, Balance())


def rebuild_balances(
    source: UsageSource, wanted: Sequence[tuple[Account, int]]
) -> list[dict[int, Balance]]:
    """Return the balances of each account by slice (start of slice -> balance).

    `wanted` has a pair for each account: the account, and the instant from which its use counts.
    """
    every = [_Sums(account, since) for account, since in wanted]
    index: AccountIndex[_Sums] = AccountIndex()
    for each in every:
        index.add(each.account, each)
    matching: dict[CallLabels, list[_Sums]] = {}
    for at, labels, quantities, cost_pico, used, admitted in source.usage_since(
        min(since for _, since in wanted)
    ):
        found = matching.get(labels)
        if found is None:
            found = matching[labels] = list(index.matching(labels))
        for sums in found:
            if at < sums.since:
                continue
            if not sums.start_at <= at < sums.end_at:
                sums.move(source, at)
            amount = measure(sums.meter, quantities, cost_pico)
            if used:
                sums.balance.settled += amount
            else:
                sums.balance.reserved += amount
            if not admitted:
                sums.balance.overage += amount
    return [sums.slices for sums in every]
