"""The store of alerts, as their sender sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from quotakeeper.domain.alerts.delivery import Claimed, DeliveryRow, DeliveryState
from quotakeeper.domain.alerts.quiet_hours import NewAlert
from quotakeeper.value_classes import dataclass


@dataclass(frozen=True, slots=True)
class AlertCursor:
    """How far the journal was read for alerts.

    `ledger` is the identity of the ledger's alerts. `seq` is the number of the last entry that was
    read; None before the first time.
    """

    ledger: str
    seq: int | None


class AlertStore(Protocol):
    """Alerts and their deliveries, in the database of a ledger. Every method may raise LedgerError.

    The methods that write make the tables if there are none.
    """

    @property
    def name(self) -> str:
        """The ledger's location, for messages; without a password."""

    def cursor(self) -> AlertCursor:
        """Return how far the journal was read."""

    def collect(
        self, before: AlertCursor, seq: int, alerts: Sequence[NewAlert], channels: Sequence[str],
        now: int,
    ) -> int | None:  # fmt: skip
        """Store new alerts for these channels, and that the journal was read up to entry `seq`.

        Both are one commit. Returns the number of new alerts; None if another process has read the
        journal further than `before`, and nothing was stored.
        """

    def add(self, alerts: Sequence[NewAlert], channels: Sequence[str], now: int) -> int:
        """Store alerts for these channels. Alerts whose id is stored are left out.

        Returns the number of new alerts.
        """

    def claim(self, channel: str, owner: str, now: int) -> list[Claimed]:
        """Claim what is due next on a channel: one alert, or all alerts of one digest.

        No other process gets them for 2 minutes. The list is empty if none is due; then the ledger
        is only read.
        """

    def finish(
        self, claimed: Sequence[Claimed], state: DeliveryState, next_at: int, answer: str, now: int
    ) -> bool:
        """Store the outcome of an attempt. If it waits again, the channel's others wait as long.

        The alerts of a digest are one commit: a part of them would be another digest, with another
        id. Returns False if another process has a claim by now: for that alert, nothing is stored.
        """

    def rows(self, since: int, most: int) -> list[DeliveryRow]:
        """Return the deliveries of alerts at or after `since`, the newest first."""

    def close(self) -> None:
        """Close what is open."""
