"""Delivers stored alerts: claims one, sends it, and stores the receiver's answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from quotakeeper.alerts.message import AlertMessage, Channel, Receipt, printable
from quotakeeper.clocks import Clock
from quotakeeper.domain.alerts.alert import Alert
from quotakeeper.domain.alerts.alert_store import AlertStore
from quotakeeper.domain.alerts.delivery import Claimed, DeliveryState, retry_at
from quotakeeper.errors import ConfigError
from quotakeeper.identifiers import new_owner, random_fraction
from quotakeeper.value_classes import dataclass

Compose = Callable[[Alert], AlertMessage]


@dataclass(frozen=True, slots=True)
class Delivered:
    """One attempt: the alert, the channel, the answer, and when it is tried again.

    `next_at` is in microseconds since 1970 UTC; None if it is not tried again.
    """

    alert: Alert
    channel: str
    receipt: Receipt
    next_at: int | None


class AlertSender:
    """Delivers the alerts of one store. `channels` are the channels by name."""

    def __init__(
        self, store: AlertStore, channels: Mapping[str, Channel], compose: Compose, clock: Clock
    ) -> None:  # fmt: skip
        self._store = store
        self._channels = channels
        self._compose = compose
        self._clock = clock
        self._owner = new_owner()

    def deliver(self) -> list[Delivered]:
        """Send all alerts that are due, and return every attempt. Raises LedgerError.

        After a failed attempt, the channel gets nothing more until its next retry. If this process
        ends after a send and before the answer is stored, the alert is sent again, with the same id.
        """
        done: list[Delivered] = []
        for name, channel in self._channels.items():
            while (claimed := self._store.claim(name, self._owner, self._clock.now())) is not None:
                found = self._attempt(claimed, channel)
                done.append(found)
                if not found.receipt.is_taken:
                    break
        return done

    def _attempt(self, claimed: Claimed, channel: Channel) -> Delivered:
        try:
            answer = channel.send(self._compose(claimed.alert))
        except ConfigError as error:
            answer = Receipt(False, printable(str(error)))
        now = self._clock.now()
        next_at, state = None, DeliveryState.SENT
        if not answer.is_taken:
            next_at = retry_at(
                claimed.attempts + 1, claimed.made_at, now, int(random_fraction() * 1_000)
            )
            state = DeliveryState.FAILED if next_at is None else DeliveryState.WAITING
        self._store.finish(claimed, state, next_at or now, answer.text, now)
        return Delivered(claimed.alert, claimed.channel, answer, next_at)
