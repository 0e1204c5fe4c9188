"""The interface between a program that serves requests and the HTTP library under it.

Only `aiohttp_server` and `aiohttp_exchange` know the library. Another server can replace them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Protocol

from quotakeeper.http_server.head_errors import RequestRefusedError
from quotakeeper.http_server.heads import Headers, RequestHead
from quotakeeper.value_classes import dataclass


class BodyTooLargeError(Exception):
    """A body is larger than the most that the reader wants to hold."""


class ClientGoneError(ConnectionError):
    """The client has closed its connection. Nothing more can be sent."""


@dataclass(frozen=True, slots=True)
class SocketMessage:
    """A message of a WebSocket. `data` is None for the end, which has a code and a reason.

    The code is 1006 if the connection was lost, and 1005 if the peer gave none.
    """

    data: bytes | str | None
    code: int = 0
    reason: str = ""


class SocketEnd(Protocol):
    """One open WebSocket, to a client or to a provider."""

    async def receive(self) -> SocketMessage:
        """Wait for the next message. After the end, returns the end again."""

    async def send(self, data: bytes | str) -> None:
        """Send a message. Waits while the peer reads too slowly. Raises ConnectionError."""

    async def begin_close(self, code: int) -> None:
        """Send a close frame. The messages that still arrive can be received. Never raises."""

    async def close(self, code: int, reason: str) -> None:
        """Close with a code and a reason. Never raises."""


class Exchange(Protocol):
    """One request of a client, and the answer to it."""

    @property
    def head(self) -> RequestHead:
        """The checked head of the request."""

    @property
    def remote(self) -> str:
        """The address of the client, without its port."""

    @property
    def status(self) -> int:
        """The status of the answer; 0 before the answer begins."""

    @property
    def bytes_sent(self) -> int:
        """The bytes of the answer's body that were sent so far."""

    @property
    def is_gone(self) -> bool:
        """Whether the client has closed its connection."""

    async def go_on(self) -> None:
        """Ask for the body, if the client waits for `100 Continue`."""

    async def read_body(self, most: int, hold: Callable[[int], None]) -> bytes:
        """Return the whole body. Raises BodyTooLargeError, ClientGoneError.

        `hold` gets the size so far in bytes, before a part is kept. What it raises ends the reading.
        """

    def body(self) -> AsyncIterator[bytes]:
        """Yield the parts of the body as they arrive. Raises ClientGoneError."""

    async def reply(self, status: int, headers: Headers, body: bytes) -> None:
        """Send a whole answer. Raises ClientGoneError."""

    async def begin(self, status: int, headers: Headers, length: int | None) -> None:
        """Begin an answer. `length` is that of its body in bytes; None: not known."""

    async def write(self, data: bytes) -> None:
        """Send a part of the answer. Waits while the client reads too slowly."""

    async def finish(self) -> None:
        """End the answer."""

    def abort(self) -> None:
        """Close the connection at once, so that the client sees an incomplete answer."""

    async def open_socket(self, protocols: Sequence[str], headers: Headers) -> SocketEnd:
        """Accept the handshake of a WebSocket. `protocols` are the ones to choose from."""


Handler = Callable[[Exchange], Awaitable[None]]

Refused = Callable[[str, RequestRefusedError], None]
"""Gets the address of a client, and why its request was refused before a route saw it."""
