"""The delivery of one alert to one channel: at least once, with retries for a day."""

from __future__ import annotations

from enum import StrEnum

from quotakeeper.domain.alerts.alert import Alert
from quotakeeper.domain.windows import SECOND
from quotakeeper.value_classes import dataclass

FIRST_RETRY = 10 * SECOND
LONGEST_RETRY = 15 * 60 * SECOND
RETRIED_FOR = 86_400 * SECOND
FEWEST_ATTEMPTS = 20  # also if the machine slept for a day
CLAIMED_FOR = 120 * SECOND  # twice what any channel may take for one alert


class DeliveryState(StrEnum):
    """The state of one delivery.

    WAITING until it is sent, SENT when the receiver took it, FAILED after a day of retries or if the
    receiver refused it for good.
    """

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Claimed:
    """An alert that this process alone may send to `channel` now.

    `attempts` is the number of attempts before this one. `made_at` is when the alert was made, or
    the end of the quiet hours in which it was made: `digest_at`, or 0. Instants are in microseconds
    since 1970 UTC.
    """

    alert: Alert
    channel: str
    owner: str
    attempts: int
    made_at: int
    digest_at: int = 0


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """What is known about the delivery of one alert to one channel.

    `answer` is the receiver's last answer. Instants are in microseconds since 1970 UTC; `ended_at`
    is None while the alert waits.
    """

    alert: Alert
    channel: str
    state: DeliveryState
    attempts: int
    next_at: int
    answer: str
    ended_at: int | None


def retry_at(attempts: int, made_at: int, now: int, thousandths: int) -> int | None:
    """Return when to try again after `attempts` failed attempts; None after a day and 20 attempts.

    The pauses double from 10 seconds to 15 minutes. A random number, `thousandths` from 0 to 999,
    shortens a pause by up to a half. So many senders do not try at the same instant.
    """
    pause = min(LONGEST_RETRY, FIRST_RETRY << min(attempts - 1, 20))
    at = now + pause // 2 + pause // 2 * thousandths // 1_000
    return None if at > made_at + RETRIED_FOR and attempts >= FEWEST_ATTEMPTS else at
