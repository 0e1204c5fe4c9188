"""Refusals of the server itself: they are told, they come once, and one address gets few connections."""

from __future__ import annotations

import asyncio

import pytest

from quotakeeper.http_server.head_errors import RequestRefusedError
from quotakeeper.http_server.seam import Exchange
from quotakeeper.http_server.server_settings import HttpServerSettings
from tests.http_server.servers import Seen, answer_to, run, serving, status_of

_GET = b"GET /v1/x HTTP/1.1\r\nHost: a\r\n\r\n"
_CHUNKED = b"POST /v1/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_one_address_has_a_number_of_connections_at_most() -> None:
    """Also with whole heads. A connection that ends makes room."""

    async def test() -> None:
        async with serving(Seen(), HttpServerSettings(most_per_address=3)) as port:
            opened = []
            for _ in range(3):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(_GET)
                assert status_of(await reader.readuntil(b"\r\n\r\n")) == 200
                opened.append((reader, writer))
            assert await answer_to(port, _GET) == b""
            reader, writer = opened.pop()
            writer.close()
            while not (got := await answer_to(port, _GET)):
                await asyncio.sleep(0)  # until the server has seen the end
            assert status_of(got) == 200
            for _, each in opened:
                each.close()

    run(test)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"CONNECT /v1/x HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (b"GET /v1/x HTTP/1.1\r\n", 408),
        (b"GET /v1/x HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
        (b"BREW /v1/x HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        (b"GET /v1/x HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    ],
)
def test_a_refusal_before_a_route_is_told_once(sent: bytes, status: int) -> None:
    told: list[tuple[str, int]] = []

    def refused(address: str, refusal: RequestRefusedError) -> None:
        told.append((address, refusal.status))

    async def test() -> None:
        settings = HttpServerSettings(head_seconds=0.05, hosts=frozenset({"a"}))
        async with serving(Seen(), settings, refused) as port:
            assert status_of(await answer_to(port, sent)) == status
        assert told == [("127.0.0.1", status)]

    run(test)


@pytest.mark.parametrize("rest", [b"XYZ\r\n", b"5\r\nabcdeXX\r\n", b"-1\r\n"])
def test_a_bad_body_after_an_early_answer_gets_no_second_answer(rest: bytes) -> None:
    """The handler answers without the body. Then a chunk is wrong: the connection just ends."""

    async def answer(exchange: Exchange) -> None:
        await exchange.reply(401, (), b"no")

    async def test() -> None:
        async with serving(answer) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(_CHUNKED)
            got = await reader.readuntil(b"no")
            await asyncio.sleep(0)
            writer.write(rest)
            got += await reader.read(-1)
            assert got.count(b"HTTP/1.1 ") == 1 and status_of(got) == 401
            writer.close()

    run(test)


def test_after_an_early_answer_and_the_rest_of_its_body_the_next_request_is_served() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(401, (), b"no")

    async def test() -> None:
        async with serving(answer) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for _ in range(2):
                writer.write(_CHUNKED)
                assert status_of(await reader.readuntil(b"no")) == 401
                writer.write(b"2\r\nab\r\n0\r\n\r\n")
            writer.write(b"GET x HTTP/1.1\r\nHost: a\r\n\r\n")
            assert status_of(await reader.read(-1)) == 400
            writer.close()

    run(test)
