"""An index that finds the accounts of a call without comparing the call with every account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from quotakeeper.domain.limits import Account
from quotakeeper.domain.usage import CallLabels

T = TypeVar("T")


class AccountIndex(Generic[T]):
    """A table of items by account. Finds the items of a call by the call's labels.

    A limit with `per` has one account per label value, so there may be thousands of accounts. A
    call is compared only with accounts that have one of its own label values, or no label.
    """

    def __init__(self) -> None:
        self._unscoped: list[tuple[Account, T]] = []
        self._scoped: dict[tuple[str, str], list[tuple[Account, T]]] = {}

    def add(self, account: Account, item: T) -> None:
        """Store an item for an account."""
        if not account.scope:
            self._unscoped.append((account, item))
            return
        # A match needs every pair of the scope, so indexing by the rarest pair leaves the fewest
        # candidates.
        pair = min(account.scope, key=lambda each: len(self._scoped.get(each, ())))
        self._scoped.setdefault(pair, []).append((account, item))

    def matching(self, labels: CallLabels) -> Iterator[T]:
        """Yield the items of all accounts in which a call with these labels counts."""
        for account, item in self._unscoped:
            if account.matches(labels):
                yield item
        for pair in labels.scope if self._scoped else ():
            for account, item in self._scoped.get(pair, ()):
                if account.matches(labels):
                    yield item
