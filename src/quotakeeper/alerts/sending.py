"""Delivers stored alerts: claims one, sends it, and stores the receiver's answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from quotakeeper.alerts.message import AlertMessage, Channel, Receipt, printable
from quotakeeper.clocks import Clock
from quotakeeper.domain.alerts.alert import Alert
from quotakeeper.domain.alerts.alert_store import AlertStore
from quotakeeper.domain.alerts.delivery import Claimed, DeliveryState, retry_at
from quotakeeper.errors import ConfigError
from quotakeeper.identifiers import new_owner, random_fraction
from quotakeeper.value_classes import dataclass

# Makes one message of one alert, or of the alerts of a digest.
Compose = Callable[[Sequence[Alert]], AlertMessage]


@dataclass(frozen=True, slots=True)
class Delivered:
    """One attempt: the message, the channel, the answer, and when it is tried again.

    `next_at` is in microseconds since 1970 UTC; None if it is not tried again.
    """

    message: AlertMessage
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

        After a failed attempt, the channel gets nothing more until its next retry. An alert that the
        receiver refuses for good is not tried again, and the channel's next alert is sent. If this process
        ends after a send and before the answer is stored, the alert is sent again, with the same id.
        """
        done: list[Delivered] = []
        for name, channel in self._channels.items():
            while claimed := self._store.claim(name, self._owner, self._clock.now()):
                found = self._attempt(claimed, channel)
                done.append(found)
                if not (found.receipt.is_taken or found.receipt.is_refused):
                    break
        return done

    def _attempt(self, claimed: Sequence[Claimed], channel: Channel) -> Delivered:
        message = self._compose([each.alert for each in claimed])
        try:
            receipt = channel.send(message)
        except ConfigError as error:
            receipt = Receipt(False, printable(str(error)))
        now, first = self._clock.now(), claimed[0]
        next_at, state = None, DeliveryState.SENT
        if receipt.is_refused:
            state = DeliveryState.FAILED
        elif not receipt.is_taken:
            thousandths = int(random_fraction() * 1_000)
            next_at = retry_at(first.attempts + 1, first.made_at, now, thousandths)
            state = DeliveryState.FAILED if next_at is None else DeliveryState.WAITING
        self._store.finish(claimed, state, next_at or now, receipt.text, now)
        return Delivered(message, first.channel, receipt, next_at)
