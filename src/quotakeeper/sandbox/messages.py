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
        """Return the first value of a query parameter; `default` if it is absent."""
        return next((value for key, value in self.query if key == name), default)

    def is_set(self, name: str) -> bool:
        """Return whether a query parameter is present with a value other than "", false or 0."""
        return self.option(name, "false").lower() not in ("false", "0", "")


@dataclass(frozen=True, slots=True)
class Charge:
    """What a provider would charge for one request.

    `quantities` use the meters of the ledger; a refused request has only `requests`. `channels` is
    the number of billed audio channels, and `tier` the billed service tier. The account's API
    reports `request_id`, `at` (microseconds since 1970 UTC), `path` and `query` (without keys).
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
    """One HTTP reply. Several chunks are sent with chunked transfer encoding.

    `progress` has a charge for each chunk of a stream. If the stream ends early, the charge of the
    last sent chunk is billed.
    """

    status: int
    chunks: tuple[bytes, ...]
    headers: Headers = (("Content-Type", "application/json; charset=UTF-8"),)
    charge: Charge | None = None
    progress: tuple[Charge, ...] = ()

    @property
    def body(self) -> bytes:
        """All chunks, joined."""
        return b"".join(self.chunks)


@dataclass(frozen=True, slots=True)
class SandboxTurn:
    """A request's number since the sandbox started, and its time in microseconds since 1970 UTC."""

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
    """Return a UUID that depends only on the request's number and `parts`: the same in every run."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join((str(turn.number), *parts))))


def response_id(turn: SandboxTurn, *parts: str) -> str:
    """Return a short id in the form of Gemini's `responseId`: the same in every run."""
    digest = hashlib.sha256("/".join((str(turn.number), *parts)).encode()).digest()
    return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")
