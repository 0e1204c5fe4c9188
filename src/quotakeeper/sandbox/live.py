"""What the sandbox's live endpoints have in common: sessions that answer messages. Pure."""

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
    """What goes back to the client; `close` is (code, reason) where it ends the connection."""

    messages: tuple[Message, ...] = ()
    close: tuple[int, str] | None = None


NOTHING = Answer()


class SandboxSession(Protocol):
    """One open socket."""

    def take(self, message: Message) -> Answer:
        """Answer a message."""

    def idle(self) -> Answer:
        """Nothing came for as long as the provider waits."""

    def charge(self) -> Charge:
        """What it costs, as far as it went."""


def as_text(values: Iterable[object]) -> tuple[str, ...]:
    """Messages as JSON in text frames."""
    return tuple(json.dumps(value, ensure_ascii=False) for value in values)


def as_binary(values: Iterable[object]) -> tuple[bytes, ...]:
    """Messages as JSON in binary frames."""
    return tuple(text.encode("utf-8") for text in as_text(values))


def parse_message(message: Message) -> dict[str, object] | None:
    """The JSON object in a message, or None when there is none."""
    try:
        value = json.loads(message)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
