"""Hostile requests are refused before any handler sees them; valid ones are served."""

from __future__ import annotations

import asyncio

from quotakeeper.http_server.server_settings import HttpServerSettings
from tests.http_server.hostile import HOSTILE, VALID
from tests.http_server.servers import Seen, answer_to, run, serving, status_of

_INCOMPLETE = {"no version", "HTTP/0.9", "data shorter than the size", "size with many zeros"}
_QUICK = HttpServerSettings(head_seconds=0.3, body_idle_seconds=0.3)


def test_no_hostile_request_is_accepted() -> None:
    """Each of more than 150 requests gets an error or no answer, and no handler sees it."""

    async def test() -> None:
        seen = Seen()
        async with serving(seen, _QUICK) as port:
            answers = {name: await answer_to(port, data) for name, data in HOSTILE.items()}
        accepted = [name for name, got in answers.items() if status_of(got) // 100 in (1, 2, 3)]
        assert (accepted, seen.requests) == ([], [])
        silent = [name for name, got in answers.items() if not got]
        assert len(silent) <= len(HOSTILE) // 20, silent

    assert len(HOSTILE) >= 97
    run(test)


def test_valid_requests_are_accepted() -> None:
    """At least 99 % of a list of more than 100 valid requests get status 200."""

    async def test() -> None:
        seen = Seen()
        async with serving(seen) as port:
            answers = {name: await answer_to(port, data) for name, data in VALID.items()}
        refused = [name for name, got in answers.items() if status_of(got) != 200]
        assert len(refused) * 100 <= len(VALID), refused
        assert len(seen.requests) == len(VALID) - len(refused)

    assert len(VALID) >= 100
    run(test)


def test_a_request_inside_a_body_is_not_served() -> None:
    """The body of a refused request is never read as a second request."""
    inner = b"GET /admin HTTP/1.1\r\nHost: gateway.example\r\n\r\n"
    smuggled = [
        b"POST /v1/x HTTP/1.1\r\nHost: gateway.example\r\nContent-Length: 0\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
        b"POST /v1/x HTTP/1.1\r\nHost: gateway.example\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\n\r\n" + inner,
        b"POST /v1/x HTTP/1.1\r\nHost: gateway.example\r\nContent-Length: %d\r\n\r\n" % len(inner)
        + inner,
    ]

    async def test() -> None:
        seen = Seen()
        async with serving(seen) as port:
            for data in smuggled:
                await answer_to(port, data)
        assert seen.requests == [("POST", "/v1/x", inner)]

    run(test)


def test_pipelined_requests_are_answered_in_order() -> None:
    """Two valid requests and a hostile one arrive together: two answers, then the refusal."""
    good = b"POST /v1/%d HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab"
    bad = b"GET /v1/../x HTTP/1.1\r\nHost: a\r\n\r\n"

    async def test() -> None:
        seen = Seen()
        async with serving(seen) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(good % 1 + good % 2 + bad + good % 3)
            got = await reader.read(-1)
            writer.close()
        assert [each[1] for each in seen.requests] == ["/v1/1", "/v1/2"]
        assert [got.count(b"HTTP/1.1 200 "), got.count(b"HTTP/1.1 400 ")] == [2, 1]
        assert got.rindex(b" 200 ") < got.index(b" 400 ")

    run(test)


def test_split_anywhere_a_request_is_read_the_same() -> None:
    """A request in chunks gives the same body wherever the network splits it."""
    data = (
        b"POST /v1/x?a=1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nX-T: 1\r\n\r\n"
    )

    async def test() -> None:
        seen = Seen()
        async with serving(seen) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for at in range(1, len(data)):
                writer.write(data[:at])
                await asyncio.sleep(0)
                writer.write(data[at:])
                head = await reader.readuntil(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 200 "), (at, head)
                await reader.readexactly(2)
            writer.close()
        assert set(seen.requests) == {("POST", "/v1/x?a=1", b"hello!")}
        assert len(seen.requests) == len(data) - 1

    run(test)
