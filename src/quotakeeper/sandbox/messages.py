"""The sandbox's requests, replies and charges, as plain values."""

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
    """One HTTP request. Header names are in lower case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def option(self, name: str, default: str = "") -> str:
        """Return the first value of a query parameter."""
        return next((value for key, value in self.query if key == name), default)

    def is_set(self, name: str) -> bool:
        """Return whether a query parameter is switched on."""
        return self.option(name, "false").lower() not in ("false", "0", "")


@dataclass(frozen=True, slots=True)
class Charge:
    """What a provider would put on the bill for one request.

    `quantities` use the meters of the ledger; for a refused request they hold only the request. The
    other fields are for the account's API: request id, instant (microseconds), query without keys,
    and number of billed audio channels. `tier` is the service tier that is billed.
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
    """One HTTP reply; several chunks are sent with chunked transfer encoding.

    `progress`: for each chunk of a stream, the charge if generation stopped after it.
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
    """The number of a request since the start, and its instant."""

    number: int
    now_us: int


def json_reply(
    status: int, value: object, *, headers: Headers = (), charge: Charge | None = None
) -> Reply:
    """Return a reply with a JSON body, indented like the providers' replies."""
    body = json.dumps(value, ensure_ascii=False, indent=2).encode("utf-8") + b"\n"
    kind = ("Content-Type", "application/json; charset=UTF-8")
    return Reply(status, (body,), (kind, *headers), charge)


def parse_json(body: bytes) -> dict[str, object] | None:
    """Return the JSON object in a body; None if there is none."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def request_uuid(turn: SandboxTurn, *parts: str) -> str:
    """Return a UUID that depends only on the turn and the parts, so that every run gives the same."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join((str(turn.number), *parts))))


def response_id(turn: SandboxTurn, *parts: str) -> str:
    """Return a short id in the form of Gemini's `responseId`, the same in every run."""
    digest = hashlib.sha256("/".join((str(turn.number), *parts)).encode()).digest()
    return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")
