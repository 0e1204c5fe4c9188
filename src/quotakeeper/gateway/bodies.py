"""Reads a request's body before the call is reserved: a text whole, audio only in its beginning."""

from __future__ import annotations

from collections.abc import AsyncIterator

from quotakeeper.gateway.answers import GatewayAnswerError
from quotakeeper.gateway.gateway_settings import GatewaySettings
from quotakeeper.gateway.uploads import PREFIX
from quotakeeper.http_server.heads import RequestHead
from quotakeeper.http_server.seam import BodyTooLargeError, Exchange
from quotakeeper.value_classes import dataclass

_STREAMED = ("audio/", "video/", "application/octet-stream")
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ReadBody:
    """A body that was read. `data` is the body or, if `is_partial`, its beginning.

    `size` is the length of the whole body in bytes; None: not known. `rest` yields what follows the
    beginning.
    """

    data: bytes
    size: int | None
    is_partial: bool = False
    rest: AsyncIterator[bytes] | None = None

    def parts(self) -> AsyncIterator[bytes]:
        """Yield the whole body of a partial one."""
        return _joined(self.data, self.rest)


class BodyStore:
    """Reads bodies, and bounds the memory that all bodies use together."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self._held = 0

    async def read(self, exchange: Exchange) -> ReadBody:
        """Read a body. Raises GatewayAnswerError (413, 503), ClientGoneError.

        The caller calls `release` with the body when the request was sent.
        """
        head = exchange.head
        if not head.has_body:
            return ReadBody(b"", 0)
        if _is_streamed(head) or head.path.startswith(PREFIX):
            return await self._beginning(exchange)
        if (head.length or 0) > self._settings.most_body_bytes:
            raise self._too_large()
        held = 0

        def hold(size: int) -> None:
            nonlocal held
            if size > held:
                self._hold(size - held)
                held = size

        try:
            hold(head.length or 0)
            data = await exchange.read_body(self._settings.most_body_bytes, hold)
        except BodyTooLargeError:
            self._held -= held
            raise self._too_large() from None
        except BaseException:
            self._held -= held
            raise
        self._held += len(data) - held
        return ReadBody(data, len(data))

    def _too_large(self) -> GatewayAnswerError:
        most = self._settings.most_body_bytes // _MIB
        return GatewayAnswerError(
            413, "body_too_large", f"a request body may have {most} MiB at most"
        )

    def _hold(self, size: int) -> None:
        """Account for `size` more bytes. Raises GatewayAnswerError (503) if there is no room."""
        if self._held + size > self._settings.most_held_bytes:
            text = "the gateway holds too many request bodies now; try again"
            raise GatewayAnswerError(503, "too_many_bodies", text)
        self._held += size

    def release(self, body: ReadBody) -> None:
        """Give back the memory of a body, because its request was answered."""
        if not body.is_partial:
            self._held -= len(body.data)

    async def _beginning(self, exchange: Exchange) -> ReadBody:
        size = exchange.head.length
        parts = exchange.body()
        head = bytearray()
        async for part in parts:
            head += part
            if len(head) >= self._settings.head_bytes:
                break
        else:
            return ReadBody(bytes(head), len(head), size is None or len(head) != size, _nothing())
        return ReadBody(bytes(head), size, True, parts)


def _is_streamed(head: RequestHead) -> bool:
    return head.value("content-type").lower().startswith(_STREAMED)


async def _joined(head: bytes, rest: AsyncIterator[bytes] | None) -> AsyncIterator[bytes]:
    if head:
        yield head
    if rest is not None:
        async for part in rest:
            yield part


async def _nothing() -> AsyncIterator[bytes]:
    none: tuple[bytes, ...] = ()
    for part in none:
        yield part
