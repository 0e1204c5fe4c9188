"""The part of a store about other processes, for ledgers that only one host uses.

Its processes keep files beside the ledger, which show that they are running and recall leases.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from quotakeeper.domain.ledger.reservations import Hold, ProcessRow
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.usage import UsageEvent


class _Holding(Protocol):
    def holds(self) -> list[Hold]: ...


class OneHost:
    """The methods of the ports about owners and leases that need nothing in the ledger."""

    hears_processes = False
    losses = 0  # nobody watches a file or a memory for lost commits

    def leases_in(self: _Holding, limits: Sequence[Limit]) -> list[Hold]:
        """Return the open leases that count in one of these limits, oldest first."""
        return [
            hold for hold in self.holds()
            if hold.is_lease and any(limit.matches(hold.labels) for limit in limits)
        ]  # fmt: skip

    def assumed_leases(self, owners: frozenset[str]) -> list[tuple[str, UsageEvent]]:
        """Return an empty list: the ledger has no rows of processes."""
        return []

    def keep_alive(self, now: int) -> None:
        """Does nothing: a locked file shows that this process is running."""

    def recall(self) -> None:
        """Does nothing: a file beside the ledger recalls leases."""

    def recalls(self, within_ms: int, now: int) -> int:
        """Return 0: a file beside the ledger recalls leases."""
        return 0

    def process_rows(self, now: int) -> list[ProcessRow]:
        """Return an empty list: the ledger has no rows of processes."""
        return []
