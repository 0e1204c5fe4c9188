"""What a channel sends, and what its receiver answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from quotakeeper.value_classes import dataclass

_LONGEST_ANSWER = 200


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """An alert in words. `payload` is the document for programs; `id` stays the same in retries."""

    id: str
    title: str
    text: str
    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Receipt:
    """Whether a receiver took a message, and what it answered, in one printable line.

    `is_refused`: the receiver does not take this message, whenever it is sent again.
    """

    is_taken: bool
    text: str
    is_refused: bool = False


class Channel(Protocol):
    """A way to send messages."""

    def send(self, message: AlertMessage) -> Receipt:
        """Send a message once, within 60 seconds. Never raises for a receiver that fails.

        Raises ConfigError if the channel's secret cannot be read.
        """


def printable(text: str) -> str:
    """Return a text as one printable line of at most 200 characters."""
    line = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(line.split())[:_LONGEST_ANSWER]
