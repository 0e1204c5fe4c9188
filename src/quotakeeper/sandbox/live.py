"""Shared by the sandbox's live endpoints: sessions that answer messages. Pure values."""

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
    """The messages for the client; `close` is (code, reason) if the connection ends."""

    messages: tuple[Message, ...] = ()
    close: tuple[int, str] | None = None


NOTHING = Answer()


class SandboxSession(Protocol):
    """One open socket."""

    def take(self, message: Message) -> Answer:
        """Answer a message."""

    def idle(self) -> Answer:
        """Return the answer after the provider's idle time without a message."""

    def charge(self) -> Charge:
        """Return what the session costs so far."""


def as_text(values: Iterable[object]) -> tuple[str, ...]:
    """Return messages as JSON in text frames."""
    return tuple(json.dumps(value, ensure_ascii=False) for value in values)


def as_binary(values: Iterable[object]) -> tuple[bytes, ...]:
    """Return messages as JSON in binary frames."""
    return tuple(text.encode("utf-8") for text in as_text(values))


def parse_message(message: Message) -> dict[str, object] | None:
    """Return the JSON object in a message; None if there is none."""
    try:
        value = json.loads(message)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
