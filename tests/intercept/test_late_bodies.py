"""A request body that comes in pieces: its cost is reserved when it is complete, before the last piece
is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from quotakeeper import Provenance
from quotakeeper.sandbox import Sandbox
from tests.intercept.conftest import (
    HEADERS,
    TLS,
    Answer,
    Watched,
    billed,
    booked,
    by_http_client,
    by_requests,
    by_urllib,
    by_urllib3,
    generate,
    prompt,
    stream,
)
from tests.intercept.scripted import ANSWER, JSON, USED, Got, Line, ScriptedServer, whole

LIMIT = {"name": "little", "meter": "tokens", "window": "day", "amount": 1_000}
BODY = prompt()


def pieces(body: bytes = BODY) -> Iterator[bytes]:
    for at in range(0, len(body), 100):
        yield body[at : at + 100]


async def apieces(body: bytes = BODY) -> AsyncIterator[bytes]:
    for piece in pieces(body):
        yield piece


def _post(library: Callable[..., Answer]) -> Any:
    return lambda url, body=BODY, headers=HEADERS: library(url, pieces(body), headers)


def _httpx(name: str) -> Any:
    def post(url: str, body: bytes = BODY, headers: Any = HEADERS) -> Answer:
        library = __import__(name)
        with library.Client(trust_env=False, verify=TLS, timeout=20) as client:
            got = client.post(url, content=pieces(body), headers=dict(headers))
            return Answer(got.status_code, got.content)

    return post


def _async_httpx(name: str) -> Any:
    def post(url: str, body: bytes = BODY, headers: Any = HEADERS) -> Answer:
        library = __import__(name)

        async def go() -> Answer:
            async with library.AsyncClient(trust_env=False, verify=TLS, timeout=20) as client:
                got = await client.post(url, content=apieces(body), headers=dict(headers))
                return Answer(got.status_code, got.content)

        return asyncio.run(go())

    return post


WAYS: dict[str, Any] = {
    "urllib": _post(by_urllib),
    "http.client": _post(by_http_client),
    "urllib3": _post(by_urllib3),
    "requests": _post(by_requests),
    "httpx": _httpx("httpx"),
    "httpx async": _async_httpx("httpx"),
    "httpx2": _httpx("httpx2"),
    "httpx2 async": _async_httpx("httpx2"),
}
each = pytest.mark.parametrize("post", WAYS.values(), ids=WAYS)


@each
@pytest.mark.parametrize("url_of", [generate, stream])
def test_a_body_in_pieces_is_reserved_by_its_own_size(
    post: Any, url_of: Any, sandbox: Sandbox, watched: Watched
) -> None:
    watched(LIMIT)  # a million tokens would never fit
    assert post(url_of(sandbox.base_url)).status == 200
    events = watched.events()
    assert booked(events) == billed(sandbox)
    assert [event.provenance for event in events] == [Provenance.REPORTED]


@each
def test_a_body_that_does_not_fit_never_becomes_a_complete_request(
    post: Any, sandbox: Sandbox, watched: Watched
) -> None:
    keeper = watched({**LIMIT, "amount": 100})
    for _ in range(2):
        answer = post(generate(sandbox.base_url))
        assert answer.status == 402
        assert "little" in answer.json["error"]["message"]
    assert sandbox.bill.charges == ()
    assert watched.events() == []
    assert keeper.reservations() == []


@each
def test_pieces_are_sent_as_they_are_made(post: Any, watched: Watched) -> None:
    bodies: list[tuple[str, bytes]] = []

    def script(request: Got, line: Line) -> None:
        bodies.append((request.headers.get("transfer-encoding", ""), request.body))
        line.send(whole(ANSWER, JSON))

    with ScriptedServer(script) as server:
        bare = post(generate(server.url))
        watched(LIMIT)
        assert post(generate(server.url)) == bare
        assert post(f"{server.url}/elsewhere") == bare
    assert bodies == [("chunked", BODY)] * 3
    assert booked(watched.events()) == [USED]


@each
def test_a_body_that_fails_in_the_middle_costs_nothing(post: Any, watched: Watched) -> None:
    class BrokenError(Exception):
        pass

    def broken(body: bytes) -> Iterator[bytes]:
        yield body[:10]
        raise BrokenError

    def script(request: Got, line: Line) -> None:
        line.send(whole(ANSWER, JSON))

    with ScriptedServer(script) as server, pytest.MonkeyPatch.context() as patch:
        patch.setitem(globals(), "pieces", broken)
        keeper = watched(LIMIT)
        with pytest.raises(BrokenError):
            post(generate(server.url))
    assert watched.events() == []
    assert keeper.reservations() == []


@each
def test_a_call_without_an_answer_is_assumed_at_its_bodys_size(post: Any, watched: Watched) -> None:
    def script(request: Got, line: Line) -> None:
        line.hang_up()

    with ScriptedServer(script) as server:
        watched(LIMIT)
        with pytest.raises(Exception):  # noqa: B017 - each library has its own
            post(generate(server.url))
    (event,) = watched.events()
    assert event.provenance is Provenance.ASSUMED
    assert 0 < event.quantities["input_tokens"] < 1_000
