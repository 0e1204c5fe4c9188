"""Types and functions that the sandbox's WebSocket endpoints share."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Protocol

from quotakeeper.sandbox.messages import Charge
from quotakeeper.sandbox.websocket import Message
from quotakeeper.value_classes import dataclass

SWITCHED = 101


@dataclass(frozen=True, slots=True)
class Answer:
    """Messages to send to the client, and `close`: the (code, reason) of the close frame to send
    after them.

    If `close` is None, the connection stays open.
    """

    messages: tuple[Message, ...] = ()
    close: tuple[int, str] | None = None


NOTHING = Answer()


class SandboxSession(Protocol):
    """One open WebSocket."""

    def take(self, message: Message) -> Answer:
        """Return the answer to a message of the client."""

    def idle(self) -> Answer:
        """Return the answer if the client sent no message within the provider's idle time."""

    def charge(self) -> Charge:
        """Return the charge for the session so far."""


def as_text(values: Iterable[object]) -> tuple[str, ...]:
    """Return values as JSON messages for text frames."""
    return tuple(json.dumps(value, ensure_ascii=False) for value in values)


def as_binary(values: Iterable[object]) -> tuple[bytes, ...]:
    """Return values as JSON messages for binary frames."""
    return tuple(text.encode("utf-8") for text in as_text(values))


def parse_message(message: Message) -> dict[str, object] | None:
    """Return the JSON object in a message; None if there is none."""
    try:
        value = json.loads(message)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
