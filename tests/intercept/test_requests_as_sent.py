"""Requests arrive as the program sent them: bodies of every kind, redirects, kept connections."""

from __future__ import annotations

import asyncio
import http.client
import io
import json
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest

from quotakeeper.domain.usage import Outcome
from quotakeeper.intercept.hooks.bodies import seen_body
from quotakeeper.intercept.hooks.unframing import Unframing
from quotakeeper.intercept.suppression import is_suppressed, suppressed
from quotakeeper.sandbox.server import Sandbox
from tests.intercept.conftest import (
    HEADERS,
    SECRET,
    TLS,
    WAYS,
    Watched,
    billed,
    booked,
    by_requests,
    generate,
    prompt,
    stream,
)
from tests.intercept.scripted import ANSWER, JSON, USED, Got, Line, ScriptedServer, whole

PATH = "/v1beta/models/gemini-2.5-flash:generateContent"
PIECES = ("requests", "urllib3", "http.client", "httpx", "httpx2")


def _pieces() -> Iterator[bytes]:
    data = prompt()
    yield data[:5]
    yield data[5:]


@pytest.mark.parametrize("name", PIECES)
def test_a_body_in_pieces_is_sent_in_pieces(name: str, sandbox: Sandbox, watched: Watched) -> None:
    watched()
    assert WAYS[name](generate(sandbox.base_url), _pieces(), HEADERS).status == 200
    assert booked(watched.events()) == billed(sandbox)


@pytest.mark.parametrize("name", ["httpx async", "httpx2 async", "aiohttp"])
def test_a_body_in_pieces_is_sent_in_pieces_on_an_event_loop(
    name: str, sandbox: Sandbox, watched: Watched
) -> None:
    async def pieces() -> Any:
        for piece in _pieces():
            yield piece

    watched()
    assert WAYS[name](generate(sandbox.base_url), pieces(), HEADERS).status == 200
    assert booked(watched.events()) == billed(sandbox)


FILES = ("requests", "urllib3", "http.client", "urllib", "httpx", "httpx2", "aiohttp")


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_measured_and_then_sent_from_its_position(name: str, watched: Watched) -> None:
    keeper = watched()
    bounds: list[int] = []

    def script(request: Got, line: Line) -> None:
        assert request.body == prompt(300)
        bounds.extend(hold.quantities["input_tokens"] for hold in keeper.reservations())
        line.send(whole(ANSWER, JSON))

    with ScriptedServer(script) as server, tempfile.TemporaryFile() as file:
        file.write(b"before" + prompt(300))
        file.flush()
        file.seek(6)
        headers = {**HEADERS, "content-length": str(len(prompt(300)))}
        assert WAYS[name](server.url + PATH, file, headers).status == 200
    assert booked(watched.events()) == [USED]
    assert bounds[0] < len(prompt(300))  # by the text, not by the size of the file


def test_bodies_are_read_without_being_changed(tmp_path: Any) -> None:
    assert seen_body(None) == (b"", 0)
    assert seen_body("chào") == ("chào".encode(), 5)
    assert seen_body(bytearray(b"ab")) == (b"ab", 2)
    assert seen_body(memoryview(b"ab")) == (b"ab", 2)
    pieces = iter([b"a"])
    assert seen_body(pieces) == (None, None)
    assert list(pieces) == [b"a"]
    file = io.BytesIO(b"before after")
    file.seek(7)
    assert seen_body(file) == (b"after", 5)
    assert file.tell() == 7
    assert seen_body(io.StringIO("a")) == (None, None)
    closed = io.BytesIO()
    closed.close()
    assert seen_body(closed) == (None, None)


def test_each_hop_of_a_redirect_is_counted_as_a_call(watched: Watched) -> None:
    def script(request: Got, line: Line) -> None:
        if "moved" in request.target:
            line.send(whole(ANSWER, JSON))
        else:
            there = PATH.replace(":", "-moved:", 1)
            line.send(whole(b"", f"Location: {there}", status="307 Temporary Redirect"))

    for name in ("requests", "urllib3", "httpx", "aiohttp"):
        watched()
        with ScriptedServer(script) as server:
            assert _redirected(name, server.url + PATH) == 200
            assert [request.body for request in server.got] == [prompt(), prompt()]
        outcomes = {event.outcome: booked([event])[0] for event in watched.events()}
        assert outcomes == {Outcome.OK: USED, Outcome.ERROR: (("requests", 1),)}


def _redirected(name: str, url: str) -> int:
    if name != "httpx":
        if name == "urllib3":
            import urllib3

            return urllib3.PoolManager().request("POST", url, body=prompt(), headers=HEADERS).status
        return WAYS[name](url, prompt(), HEADERS).status
    import httpx

    with httpx.Client(follow_redirects=True, trust_env=False, verify=TLS) as client:
        return client.post(url, content=prompt(), headers=HEADERS).status_code


def test_connections_are_kept_as_without_metering(watched: Watched) -> None:
    import aiohttp
    import httpx
    import requests

    def script(request: Got, line: Line) -> None:
        line.send(whole(ANSWER, JSON))

    watched()
    with ScriptedServer(script) as server, requests.Session() as session:
        for _ in range(5):
            session.post(server.url + PATH, data=prompt(), headers=HEADERS)
        assert server.connections == 1
    with ScriptedServer(script) as server, httpx.Client(verify=TLS, trust_env=False) as client:
        for _ in range(5):
            client.post(server.url + PATH, content=prompt(), headers=HEADERS)
        assert server.connections == 1

    async def go(url: str) -> None:
        async with aiohttp.ClientSession() as session:
            for _ in range(5):
                async with session.post(url, data=prompt(), headers=HEADERS) as got:
                    await got.read()

    with ScriptedServer(script) as server:
        asyncio.run(go(server.url + PATH))
        assert server.connections == 1
    assert booked(watched.events()) == [USED] * 15


def test_a_kept_connection_survives_a_refusal(sandbox: Sandbox, watched: Watched) -> None:
    watched({"name": "tokens", "meter": "tokens", "window": "day", "amount": 2_000})
    host = sandbox.base_url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=20)
    target = generate("")
    statuses = []
    for body in (prompt(), prompt(2_000), prompt(), prompt(2_000)):
        connection.request("POST", target, body, HEADERS)
        answer = connection.getresponse()
        statuses.append(answer.status)
        assert json.loads(answer.read())
    connection.close()
    assert statuses == [200, 402, 200, 402]
    assert booked(watched.events()) == billed(sandbox)


def test_a_request_built_by_hand_is_counted(sandbox: Sandbox, watched: Watched) -> None:
    watched({"name": "two", "meter": "requests", "window": "day", "amount": 2})
    connection = http.client.HTTPConnection(sandbox.base_url.removeprefix("http://"), timeout=20)
    statuses = []
    for _ in range(3):
        connection.putrequest("POST", generate(""))
        for name, value in {**HEADERS, "content-length": str(len(prompt()))}.items():
            connection.putheader(name, value)
        connection.endheaders()
        connection.send(prompt())
        with connection.getresponse() as answer:
            statuses.append(answer.status)
            answer.read()
    connection.close()
    assert statuses == [200, 200, 402]
    assert booked(watched.events()) == billed(sandbox)


def test_a_library_on_top_of_another_counts_once(sandbox: Sandbox, watched: Watched) -> None:
    import httpx

    class OverRequests(httpx.HTTPTransport):
        """A transport that sends through another library."""

        def handle_request(self, request: Any) -> Any:
            return super().handle_request(request)

    class Inner(httpx.BaseTransport):
        def handle_request(self, request: Any) -> Any:
            got = by_requests(str(request.url), request.read(), dict(request.headers))
            return httpx.Response(got.status, content=got.body)

    watched()
    for transport in (OverRequests(verify=TLS), Inner()):
        with httpx.Client(transport=transport) as client:
            assert client.post(generate(sandbox.base_url), content=prompt(), headers=HEADERS)
    assert booked(watched.events()) == billed(sandbox)
    assert len(billed(sandbox)) == 2


def test_a_call_inside_another_hook_is_not_counted(sandbox: Sandbox, watched: Watched) -> None:
    watched()
    assert not is_suppressed()
    with suppressed():
        assert is_suppressed()
        with suppressed():
            assert is_suppressed()
        for post in WAYS.values():
            assert post(generate(sandbox.base_url), prompt(), HEADERS).status == 200
    assert not is_suppressed()
    assert watched.events() == []


def _retrying(name: str, url: str) -> int:
    if name == "urllib3":
        import urllib3

        retry = urllib3.Retry(3, status_forcelist=[429, 500, 503], allowed_methods=None)
        pool = urllib3.PoolManager(retries=retry)
        return pool.request("POST", url, body=prompt(), headers=HEADERS).status
    if name == "requests":
        import requests
        from requests.adapters import HTTPAdapter
        from urllib3 import Retry

        retry = Retry(3, status_forcelist=[429, 500, 503], allowed_methods=None)
        with requests.Session() as session:
            session.mount("http://", HTTPAdapter(max_retries=retry))
            return session.post(url, data=prompt(), headers=HEADERS).status_code
    for _ in range(2):
        assert WAYS[name](url, prompt(), HEADERS).status >= 429
    return WAYS[name](url, prompt(), HEADERS).status


@pytest.mark.parametrize("name", ["urllib3", "requests", "httpx", "httpx async", "aiohttp"])
def test_each_attempt_of_a_retried_call_is_counted_and_linked(name: str, watched: Watched) -> None:
    watched()
    with Sandbox(faults=["500@1", "503@2"]) as sandbox:
        assert _retrying(name, generate(sandbox.base_url)) == 200
        events = watched.events()
        assert booked(events) == billed(sandbox)
        assert len(events) == 3
        first = next(event for event in events if not event.labels.scope)
        others = sorted(
            dict(event.labels.scope)["attempt"] for event in events if event is not first
        )
        assert others == ["2", "3"]
        assert {dict(e.labels.scope)["call"] for e in events if e is not first} == {first.id}
        # After a success, the same request is a new call.
        assert WAYS[name](generate(sandbox.base_url), prompt(), HEADERS).status == 200
        assert sum(not event.labels.scope for event in watched.events()) == 2


def test_another_request_after_a_failed_one_is_not_its_retry(watched: Watched) -> None:
    watched()
    with Sandbox(faults=["500@1"]) as sandbox:
        by_requests(generate(sandbox.base_url), prompt(), HEADERS)
        by_requests(generate(sandbox.base_url), prompt(2), HEADERS)
        by_requests(stream(sandbox.base_url), prompt(), HEADERS)
    assert all(not event.labels.scope for event in watched.events())


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_chunked_bodies_are_followed_in_any_pieces(size: int) -> None:
    wire = b"5;name=x\r\nhello\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"
    got = bytearray()
    body = Unframing(got.extend, chunked=True, length=None)
    for at in range(0, len(wire), size):
        assert not body.whole or at > wire.index(b"\n0\r")
        body.feed(wire[at : at + size])
    assert (bytes(got), body.whole) == (b"hello0123456789", True)


def test_bytes_that_are_no_chunk_end_the_reading() -> None:
    for nonsense in (b"zz\r\nabc", b"-5\r\nabc", b"x" * 70_000):
        got = bytearray()
        body = Unframing(got.extend, chunked=True, length=None)
        body.feed(nonsense)
        assert (bytes(got), body.done, body.whole) == (b"", True, False)


def test_a_deepgram_request_with_a_sound_file_is_measured(
    watched: Watched, repository: Any, sandbox: Sandbox
) -> None:
    watched()
    sound = next((repository / "samples").rglob("*.wav"))
    headers = {"authorization": f"Token {SECRET}", "content-type": "audio/wav"}
    for name in FILES:
        with sound.open("rb") as file:
            sized = {**headers, "content-length": str(sound.stat().st_size)}
            assert WAYS[name](f"{sandbox.base_url}/v1/listen", file, sized).status == 200
    events = watched.events()
    assert booked(events) == billed(sandbox)
    assert len(events) == len(FILES)
