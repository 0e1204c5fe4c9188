"""What goes in and comes out of the sandbox: requests, replies and what they cost. Plain values."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Mapping

from quotakeeper.value_classes import dataclass, field

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SandboxRequest:
    """One HTTP request. Header names are lower case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def option(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        return next((value for key, value in self.query if key == name), default)

    def is_set(self, name: str) -> bool:
        """Whether a query parameter is switched on."""
        return self.option(name, "false").lower() not in ("false", "0", "")


@dataclass(frozen=True, slots=True)
class Charge:
    """What a provider would put on the bill for one request.

    `quantities` use the meters of the ledger; a refused request counts itself and nothing else.
    What its account says of it besides: the provider's own id, the instant (microseconds), the
    query without keys, and how many channels the sound has that was billed.
    `tier` is the service tier that it was served at, and is billed at.
    """

    provider: str
    operation: str
    model: str
    status: int
    quantities: Mapping[str, int]
    channels: int = 1
    request_id: str = ""
    at: int = 0
    path: str = ""
    query: tuple[tuple[str, str], ...] = ()
    tier: str = "standard"


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP reply; more than one chunk is sent with chunked transfer encoding.

    `progress`: what a stream would be charged, if it were made no further than each of its chunks.
    """

    status: int
    chunks: tuple[bytes, ...]
    headers: Headers = (("Content-Type", "application/json; charset=UTF-8"),)
    charge: Charge | None = None
    progress: tuple[Charge, ...] = ()

    @property
    def body(self) -> bytes:
        """The whole body."""
        return b"".join(self.chunks)


@dataclass(frozen=True, slots=True)
class SandboxTurn:
    """Where and when a request stands: its number since the start, and the instant."""

    number: int
    now_us: int


def json_reply(
    status: int, value: object, *, headers: Headers = (), charge: Charge | None = None
) -> Reply:
    """A reply with one JSON body, indented like the providers'."""
    body = json.dumps(value, ensure_ascii=False, indent=2).encode("utf-8") + b"\n"
    kind = ("Content-Type", "application/json; charset=UTF-8")
    return Reply(status, (body,), (kind, *headers), charge)


def parse_json(body: bytes) -> dict[str, object] | None:
    """The JSON object in a body, or None when there is none."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def request_uuid(turn: SandboxTurn, *parts: str) -> str:
    """A UUID that depends only on the turn and the parts, so that runs can be repeated."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join((str(turn.number), *parts))))


def response_id(turn: SandboxTurn, *parts: str) -> str:
    """A short id like Gemini's `responseId`, the same in every run."""
    digest = hashlib.sha256("/".join((str(turn.number), *parts)).encode()).digest()
    return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")
