"""Finds the accounts that a call counts in, without looking at those of every other label value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from quotakeeper.domain.limits import Account
from quotakeeper.domain.usage import CallLabels

T = TypeVar("T")


class AccountIndex(Generic[T]):
    """Things by account. A limit per label makes one account for each value of that label, so there
    may be thousands; a call is compared with those of its own values only."""

    def __init__(self) -> None:
        self._unscoped: list[tuple[Account, T]] = []
        self._scoped: dict[tuple[str, str], list[tuple[Account, T]]] = {}

    def add(self, account: Account, item: T) -> None:
        """Keep a thing for an account."""
        if not account.scope:
            self._unscoped.append((account, item))
            return
        # Every pair of the scope is needed for a match, so the rarest one finds it soonest.
        pair = min(account.scope, key=lambda each: len(self._scoped.get(each, ())))
        self._scoped.setdefault(pair, []).append((account, item))

    def matching(self, labels: CallLabels) -> Iterator[T]:
        """The things of all accounts that a call with these labels counts in."""
        for account, item in self._unscoped:
            if account.matches(labels):
                yield item
        for pair in labels.scope if self._scoped else ():
            for account, item in self._scoped.get(pair, ()):
                if account.matches(labels):
                    yield item
