"""Streams pass unchanged and without delay, and are settled however a program ends them."""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
import threading
import urllib.request
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

from quotakeeper.domain.usage import Outcome, Provenance
from quotakeeper.sandbox.server import Sandbox
from tests.intercept.conftest import HEADERS, Post, Watched, booked, prompt, stream
from tests.intercept.scripted import (
    ANSWER,
    FIRST,
    JSON,
    SECOND,
    STREAMED,
    USED,
    Got,
    Line,
    ScriptedServer,
    chunk,
    head,
    whole,
)

PATH = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
WHOLE_PATH = "/v1beta/models/gemini-2.5-flash:generateContent"
PATIENCE = 20


@contextmanager
def _urllib(url: str) -> Iterator[Iterator[bytes]]:
    request = urllib.request.Request(url, prompt(), HEADERS)
    with urllib.request.urlopen(request, timeout=PATIENCE) as got:
        yield iter(lambda: got.read1(4096), b"")


@contextmanager
def _urllib_lines(url: str) -> Iterator[Iterator[bytes]]:
    request = urllib.request.Request(url, prompt(), HEADERS)
    with urllib.request.urlopen(request, timeout=PATIENCE) as got:
        yield iter(got.readline, b"")


@contextmanager
def _urllib3(url: str) -> Iterator[Iterator[bytes]]:
    import urllib3

    with urllib3.PoolManager(retries=False, timeout=PATIENCE) as pool:
        got = pool.request("POST", url, body=prompt(), headers=HEADERS, preload_content=False)
        try:
            yield got.stream()
        finally:
            got.close()


@contextmanager
def _requests(url: str) -> Iterator[Iterator[bytes]]:
    import requests

    with (
        requests.Session() as session,
        session.post(url, data=prompt(), headers=HEADERS, stream=True, timeout=PATIENCE) as got,
    ):
        yield got.iter_lines(chunk_size=1)


def _httpx(name: str) -> Any:
    @contextmanager
    def opened(url: str) -> Iterator[Iterator[bytes]]:
        library = __import__(name)
        with (
            library.Client(timeout=PATIENCE) as client,
            client.stream("POST", url, content=prompt(), headers=HEADERS) as got,
        ):
            yield got.iter_raw()

    return opened


def _async_httpx(name: str) -> Any:
    @asynccontextmanager
    async def opened(url: str) -> AsyncIterator[AsyncIterator[bytes]]:
        library = __import__(name)
        async with (
            library.AsyncClient(timeout=PATIENCE) as client,
            client.stream("POST", url, content=prompt(), headers=HEADERS) as got,
        ):
            yield got.aiter_raw()

    return opened


@asynccontextmanager
async def _aiohttp(url: str) -> AsyncIterator[AsyncIterator[bytes]]:
    import aiohttp

    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=prompt(), headers=HEADERS) as got,
    ):
        yield got.content.iter_any()


BLOCKING = {
    "urllib": _urllib,
    "urllib lines": _urllib_lines,
    "urllib3": _urllib3,
    "requests": _requests,
    "httpx": _httpx("httpx"),
    "httpx2": _httpx("httpx2"),
}
AWAITED = {
    "httpx": _async_httpx("httpx"),
    "httpx2": _async_httpx("httpx2"),
    "aiohttp": _aiohttp,
}
Opened = Callable[[str], Any]
each_blocking = pytest.mark.parametrize("opened", BLOCKING.values(), ids=BLOCKING)
each_awaited = pytest.mark.parametrize("opened", AWAITED.values(), ids=AWAITED)


class Held:
    """Sends the first event, and the rest only when the program confirms the first."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.was_told = False

    def __call__(self, request: Got, line: Line) -> None:
        line.send(STREAMED + chunk(FIRST))
        self.was_told = self.go_on.wait(PATIENCE)
        line.send(chunk(SECOND) + b"0\r\n\r\n")


@each_blocking
def test_the_first_event_does_not_wait_for_the_second(opened: Opened, watched: Watched) -> None:
    watched()
    held = Held()
    with ScriptedServer(held) as server, opened(server.url + PATH) as chunks:
        assert next(chunks)
        held.go_on.set()
        assert b"".join(chunks)
    assert held.was_told
    assert booked(watched.events()) == [USED]


@each_awaited
def test_the_first_event_does_not_wait_for_the_second_on_an_event_loop(
    opened: Opened, watched: Watched
) -> None:
    watched()
    held = Held()

    async def go(url: str) -> bytes:
        async with opened(url + PATH) as chunks:
            assert await anext(aiter(chunks))
            held.go_on.set()
            return b"".join([piece async for piece in chunks])

    with ScriptedServer(held) as server:
        assert asyncio.run(go(server.url)).endswith(SECOND)
    assert held.was_told
    assert booked(watched.events()) == [USED]


def _left_early(watched: Watched) -> None:
    (event,) = watched.events()
    assert event.outcome is Outcome.UNKNOWN
    assert event.provenance is Provenance.ESTIMATED
    assert event.quantities["input_tokens"] == 7
    assert 2 <= event.quantities["output_tokens"] <= 5
    assert watched.watching[-1].keeper.status().open_reservations == 0


@each_blocking
def test_a_stream_that_is_closed_early_is_settled_at_what_was_read(
    opened: Opened, watched: Watched
) -> None:
    watched()
    held = Held()
    with ScriptedServer(held) as server:
        with opened(server.url + PATH) as chunks:
            next(chunks)
        held.go_on.set()
        _left_early(watched)


@each_blocking
def test_a_dropped_stream_is_settled_at_what_was_read(opened: Opened, watched: Watched) -> None:
    watched()
    held = Held()
    with ScriptedServer(held) as server:
        context = opened(server.url + PATH)
        chunks = context.__enter__()
        next(chunks)
        del chunks, context
        gc.collect()
        held.go_on.set()
        _left_early(watched)


@each_awaited
def test_a_cancelled_stream_is_settled_at_what_was_read(opened: Opened, watched: Watched) -> None:
    watched()
    held = Held()

    async def read(url: str, begun: asyncio.Event) -> None:
        async with opened(url + PATH) as chunks:
            async for _ in chunks:
                begun.set()

    async def go(url: str) -> None:
        begun = asyncio.Event()
        task = asyncio.create_task(read(url, begun))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with ScriptedServer(held) as server:
        asyncio.run(go(server.url))
        held.go_on.set()
        _left_early(watched)


@each_awaited
def test_a_call_that_is_cancelled_before_its_answer_is_assumed(
    opened: Opened, watched: Watched
) -> None:
    watched()
    arrived, let_go = threading.Event(), threading.Event()

    def script(request: Got, line: Line) -> None:
        arrived.set()
        let_go.wait(PATIENCE)

    async def go(url: str) -> None:
        task = asyncio.create_task(opened(url + PATH).__aenter__())
        await asyncio.to_thread(arrived.wait, PATIENCE)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with ScriptedServer(script) as server:
        asyncio.run(go(server.url))
        let_go.set()
    (event,) = watched.events()
    assert (event.provenance, event.outcome) == (Provenance.ASSUMED, Outcome.UNKNOWN)
    assert event.quantities["input_tokens"] > 0


def _result(post: Post, url: str) -> object:
    """What a program gets: the answer, or the type of its error."""
    try:
        got = post(url, prompt(), HEADERS)
    except Exception as error:  # noqa: BLE001 - whatever it is, it must be the same
        return type(error), str(error).rpartition("port=")[0]
    return got.status, got.body


def test_a_broken_stream_ends_for_the_program_as_without_metering(
    post: Post, watched: Watched
) -> None:
    results = []
    for watching in (False, True):
        with Sandbox(faults=["cut"]) as sandbox:
            if watching:
                watched()
            results.append(_result(post, stream(sandbox.base_url)))
    assert results[0] == results[1]
    (event,) = watched.events()
    assert event.outcome is Outcome.UNKNOWN
    assert event.quantities["input_tokens"] > 0


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_compressed_answers_arrive_unchanged_and_are_read(
    post: Post, encoding: str, watched: Watched
) -> None:
    packed = gzip.compress(ANSWER, mtime=0) if encoding == "gzip" else zlib.compress(ANSWER)

    def script(request: Got, line: Line) -> None:
        line.send(whole(packed, JSON, f"Content-Encoding: {encoding}"))

    results = []
    with ScriptedServer(script) as server:
        results.append(_result(post, server.url + WHOLE_PATH))
        watched()
        results.append(_result(post, server.url + WHOLE_PATH))
    assert results[0] == results[1]
    assert booked(watched.events()) == [USED]


def test_an_answer_that_ends_with_its_connection_is_complete(post: Post, watched: Watched) -> None:
    def script(request: Got, line: Line) -> None:
        line.send(head(JSON, "Connection: close") + ANSWER)
        line.hang_up()

    watched()
    with ScriptedServer(script) as server:
        assert json.loads(post(server.url + WHOLE_PATH, prompt(), HEADERS).body)
    (event,) = watched.events()
    assert (booked([event]), event.outcome) == ([USED], Outcome.OK)


def test_an_answer_in_single_bytes_is_read_like_any_other(post: Post, watched: Watched) -> None:
    def script(request: Got, line: Line) -> None:
        line.send(STREAMED)
        for at in range(len(FIRST + SECOND)):
            line.send(chunk((FIRST + SECOND)[at : at + 1]))
        line.send(b"0\r\n\r\n")

    watched()
    with ScriptedServer(script) as server:
        assert post(server.url + PATH, prompt(), HEADERS).body == FIRST + SECOND
    assert booked(watched.events()) == [USED]


@each_awaited
def test_metering_does_not_block_the_event_loop(
    opened: Opened, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = watched()
    blocking = []
    ask = keeper._engine.worker.carry_out

    def carry_out(command: Any) -> Any:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return ask(command)
        blocking.append(command)
        return ask(command)

    monkeypatch.setattr(keeper._engine.worker, "carry_out", carry_out)
    held = Held()
    held.go_on.set()

    async def go(url: str) -> None:
        async with opened(url + PATH) as chunks:
            async for _ in chunks:
                pass
        async with opened(url + PATH) as chunks:
            await anext(aiter(chunks))

    with ScriptedServer(held) as server:
        asyncio.run(go(server.url))
    assert len(watched.events()) == 2
    assert blocking == []
