"""The bodies that the gateway holds never need more memory together than the settings allow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from quotakeeper.gateway.answers import GatewayAnswerError
from quotakeeper.gateway.bodies import BodyStore, ReadBody
from quotakeeper.gateway.gateway_settings import GatewaySettings
from quotakeeper.http_server.heads import RequestHead
from quotakeeper.http_server.seam import BodyTooLargeError, ClientGoneError
from tests.gateway.billing_server import billing_server
from tests.gateway.harness import GENERATE, gate, run

_MIB = 1024 * 1024
_SETTINGS = GatewaySettings(most_body_bytes=8 * _MIB, most_held_bytes=16 * _MIB)


class _Sent:
    """A request whose body comes in parts of 1 MiB, each after a turn of the event loop."""

    def __init__(self, parts: int, length: int | None = None, ends: str = "") -> None:
        self.head = RequestHead("POST", "/x", "h", (), length)
        self._parts, self._ends = parts, ends

    async def read_body(self, most: int, hold: Callable[[int], None]) -> bytes:
        for number in range(1, self._parts + 1):
            await asyncio.sleep(0)
            if number * _MIB > most:
                raise BodyTooLargeError
            hold(number * _MIB)
        if self._ends:
            raise ClientGoneError(self._ends)
        return bytes(self._parts * _MIB)


@pytest.mark.parametrize("length", [None, 8 * _MIB])
def test_bodies_together_hold_no_more_than_the_settings_allow(length: int | None) -> None:
    """Twenty bodies of 8 MiB arrive at once, in chunks or with a length. Those that fit are read."""

    async def test() -> None:
        store = BodyStore(_SETTINGS)
        reading = [store.read(_Sent(8, length)) for _ in range(20)]  # type: ignore[arg-type]
        got = await asyncio.gather(*reading, return_exceptions=True)
        read = [each for each in got if isinstance(each, ReadBody)]
        refused = [each.status for each in got if isinstance(each, GatewayAnswerError)]
        assert len(read) <= 2 and refused == [503] * (20 - len(read))
        for each in read:
            store.release(each)
        again = await store.read(_Sent(8, length))  # type: ignore[arg-type]
        assert again.size == 8 * _MIB

    run(test)


def test_a_body_that_is_not_read_whole_is_given_back() -> None:
    async def test() -> None:
        store = BodyStore(_SETTINGS)
        for _ in range(5):
            with pytest.raises(GatewayAnswerError, match="413"):
                await store.read(_Sent(9))  # type: ignore[arg-type]
            with pytest.raises(ClientGoneError):
                await store.read(_Sent(5, ends="gone"))  # type: ignore[arg-type]
        first = await store.read(_Sent(8))  # type: ignore[arg-type]
        second = await store.read(_Sent(8, 8 * _MIB))  # type: ignore[arg-type]
        assert (first.size, second.size) == (8 * _MIB, 8 * _MIB)

    run(test)


def test_a_length_that_is_too_large_gets_413_though_it_would_not_fit_either() -> None:
    """A later try cannot help, so it is no 503."""

    async def test() -> None:
        small = GatewaySettings(most_body_bytes=2_000, most_held_bytes=1_000)
        async with billing_server() as provider, gate(provider.url, settings=small) as through:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", int(through.url.rpartition(":")[2])
            )
            writer.write(
                f"POST {GENERATE} HTTP/1.1\r\nHost: a\r\nx-goog-api-key: {through.key()}\r\n"
                f"Content-Length: {10**15}\r\n\r\n".encode()
            )
            assert (await reader.readline()).split()[1] == b"413"
            writer.close()
            assert provider.requests == []

    run(test)
