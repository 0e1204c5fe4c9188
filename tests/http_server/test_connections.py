"""Time limits, numbers of connections, `Expect`, and clients that leave."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from quotakeeper.http_server.seam import BodyTooLargeError, ClientGoneError, Exchange
from quotakeeper.http_server.server_settings import HttpServerSettings
from tests.http_server.servers import Seen, answer_to, run, serving, status_of

_QUICK = HttpServerSettings(head_seconds=0.05, body_idle_seconds=0.05)
_HEAD = b"POST /v1/x HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize(
    "part",
    [b"", b"P", b"POST /v1/x HTTP/1.1\r\nHost:", _HEAD + b"Content-Length: 9\r\n\r\n",
     _HEAD + b"Content-Length: 9\r\n\r\nab", _HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"],
)  # fmt: skip
def test_what_does_not_arrive_is_not_waited_for(part: bytes) -> None:
    """Half a head or half a body: the server answers 408 and closes."""

    async def test() -> None:
        seen = Seen()
        async with serving(seen, _QUICK) as port:
            assert status_of(await answer_to(port, part)) == 408
        assert seen.requests == []

    run(test)


def test_a_head_in_drops_must_arrive_in_time_too() -> None:
    """Each byte does not start the time again."""

    async def test() -> None:
        async with serving(Seen(), _QUICK) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)

            async def drip() -> None:
                with suppress(ConnectionError):
                    while True:
                        writer.write(b"a")
                        await writer.drain()
                        await asyncio.sleep(0.005)

            writer.write(b"GET /")
            dripping = asyncio.create_task(drip())
            assert status_of(await reader.read(-1)) == 408
            dripping.cancel()
            writer.close()

    run(test)


def test_one_address_has_few_connections_without_a_head() -> None:
    """Further ones are closed after a while. A request with a whole head is answered meanwhile."""
    settings = HttpServerSettings(most_pending=3, pending_seconds=0.05)
    request = b"GET /v1/x HTTP/1.1\r\nHost: a\r\n\r\n"

    async def test() -> None:
        async with serving(Seen(), settings) as port:
            waiting = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
            for begun in (b"", b"GET /v1"):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(begun)
                with suppress(ConnectionError):
                    assert await reader.read(-1) == b""
                writer.close()
                assert status_of(await answer_to(port, request)) == 200
            reader, writer = waiting[0]
            writer.write(request)
            assert status_of(await reader.readuntil(b"\r\n\r\n")) == 200
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            with pytest.raises(TimeoutError):  # it may wait in the place of the first one
                await asyncio.wait_for(reader.read(-1), 0.2)
            for _, each in (*waiting, (reader, writer)):
                each.close()

    run(test)


def test_a_client_may_open_many_connections_at_once() -> None:
    """The server accepts them all before it reads a head; none of them is refused."""

    async def test() -> None:
        async with serving(Seen()) as port:
            request = b"GET /v1/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            answers = await asyncio.gather(*(answer_to(port, request) for _ in range(300)))
            assert [status_of(each) for each in answers] == [200] * 300

    run(test)


def test_a_client_that_expects_continue_waits_for_the_handler() -> None:
    """`100 Continue` is sent when the handler wants the body, and not if it refuses the request."""

    async def answer(exchange: Exchange) -> None:
        if exchange.head.path == "/no":
            await exchange.reply(403, (), b"no")
        else:
            await exchange.reply(200, (), await exchange.read_body(10, lambda _: None))

    async def test() -> None:
        async with serving(answer) as port:
            for path in ("/yes", "/no"):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                head = f"POST {path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
                writer.write(head.encode())
                first = await reader.readuntil(b"\r\n\r\n")
                if path == "/yes":
                    assert first == b"HTTP/1.1 100 Continue\r\n\r\n"
                    writer.write(b"ab")
                    assert status_of(await reader.readuntil(b"\r\n\r\n")) == 200
                    assert await reader.readexactly(2) == b"ab"
                else:
                    assert status_of(first) == 403 and b"onnection: close" in first
                writer.close()

    run(test)


def test_a_handler_ends_when_its_client_leaves_in_silence() -> None:
    """The handler waits for something else. It is cancelled when the connection ends."""
    began, ended = asyncio.Event(), asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def test() -> None:
        for leaves in ("close", "abort"):
            began.clear(), ended.clear()
            async with serving(answer) as port:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"GET /v1/x HTTP/1.1\r\nHost: a\r\n\r\n")
                await began.wait()
                writer.close() if leaves == "close" else writer.transport.abort()
                await ended.wait()

    run(test)


def test_a_body_that_breaks_off_or_is_too_large_is_told_to_the_handler() -> None:
    seen: list[type[BaseException]] = []

    async def answer(exchange: Exchange) -> None:
        try:
            await exchange.read_body(100, lambda _: None)
        except (BodyTooLargeError, ClientGoneError, asyncio.CancelledError) as error:
            seen.append(type(error))
            raise
        finally:
            if seen[-1:] == [BodyTooLargeError]:
                await exchange.reply(413, (), b"")

    async def test() -> None:
        async with serving(answer) as port:
            too_large = _HEAD + b"Content-Length: 101\r\n\r\n" + b"a" * 101
            assert status_of(await answer_to(port, too_large)) == 413
            chunks = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"40\r\n" + b"a" * 64 + b"\r\n"
            assert status_of(await answer_to(port, chunks + b"40\r\n" + b"a" * 64 + b"\r\n")) == 413
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(_HEAD + b"Content-Length: 9\r\n\r\nab")
            await writer.drain()
            writer.close()
            while len(seen) < 3:
                await asyncio.sleep(0)
        assert seen[:2] == [BodyTooLargeError] * 2
        assert issubclass(seen[2], ClientGoneError | asyncio.CancelledError)

    run(test)


def test_a_slow_reader_holds_the_writer() -> None:
    """A client that does not read stops the handler after a few hundred kilobytes."""
    sent: list[int] = []

    async def answer(exchange: Exchange) -> None:
        await exchange.begin(200, (), None)
        while True:
            await exchange.write(b"a" * 65_536)
            sent.append(65_536)

    async def test() -> None:
        async with serving(answer) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_024)
            writer.write(b"GET /v1/x HTTP/1.1\r\nHost: a\r\n\r\n")
            before = -1
            while len(sent) > before:  # until nothing more leaves
                before = len(sent)
                await asyncio.sleep(0.05)
            assert sum(sent) < 32 * 1024 * 1024
            await reader.read(1)
            writer.transport.abort()

    run(test)


def test_the_answer_to_head_has_no_body_on_an_open_connection() -> None:
    """A body would be read as the beginning of the next answer."""

    async def test() -> None:
        async with serving(Seen()) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"HEAD /v1/x HTTP/1.1\r\nHost: a\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(b"GET /v1/x HTTP/1.1\r\nHost: a\r\n\r\n")
            answer = await reader.readuntil(b"\r\n\r\n")
            assert b"Content-Length: 2\r\n" in head
            assert (status_of(head), status_of(answer)) == (200, 200)
            assert await reader.readexactly(2) == b"ok"
            writer.close()

    run(test)
