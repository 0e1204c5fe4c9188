"""The interface to the HTTP library that sends requests to the providers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from quotakeeper.http_server.heads import Headers
from quotakeeper.http_server.seam import SocketEnd
from quotakeeper.value_classes import dataclass


class NotReachedError(Exception):
    """The provider could not be reached. Nothing was sent, so nothing is billed."""


class AnswerLostError(Exception):
    """The request was sent, at least in part, and its answer did not arrive whole."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request to a provider. `length` is that of a body in parts, in bytes; None: not known."""

    method: str
    url: str
    headers: Headers
    body: bytes | AsyncIterator[bytes] | None = None
    length: int | None = None


class UpstreamReply(Protocol):
    """The answer of a provider."""

    @property
    def status(self) -> int:
        """The status."""

    @property
    def headers(self) -> Headers:
        """All headers, in the order and spelling in which they arrived."""

    @property
    def length(self) -> int | None:
        """The length of the body in bytes; None: not known."""

    def parts(self) -> AsyncIterator[bytes]:
        """Yield the body's bytes as they arrive. Raises AnswerLostError."""

    def close(self) -> None:
        """Close the connection to the provider at once, if the answer is not whole."""


class OpenedSocket(Protocol):
    """A WebSocket to a provider."""

    @property
    def socket(self) -> SocketEnd:
        """The socket."""

    @property
    def protocol(self) -> str:
        """The subprotocol that the provider chose; "" if none."""

    @property
    def headers(self) -> Headers:
        """The headers of the provider's answer."""


class HandshakeRefusedError(Exception):
    """The provider answered a handshake with a status other than 101."""

    def __init__(self, status: int, headers: Headers, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        super().__init__(f"status {status}")


class UpstreamClient(Protocol):
    """Sends requests to providers."""

    async def send(self, request: Outgoing) -> UpstreamReply:
        """Send a request, and return its answer when the head has arrived.

        Never sends a request again. Raises NotReachedError, AnswerLostError.
        """

    async def open_socket(self, request: Outgoing, protocols: Sequence[str]) -> OpenedSocket:
        """Open a WebSocket. Raises NotReachedError, AnswerLostError, HandshakeRefusedError."""

    async def close(self) -> None:
        """Close all connections."""
