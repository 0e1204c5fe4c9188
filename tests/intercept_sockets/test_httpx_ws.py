"""httpx-ws beside what every library is tried with; and who else opens a WebSocket over httpx."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import httpx_ws
import pytest
from wsproto import ConnectionType
from wsproto.connection import Connection
from wsproto.events import BytesMessage, TextMessage

from quotakeeper.intercept.hooks import httpx_websocket
from quotakeeper.intercept.hooks.httpx_websocket import THREADS, Handshake, shaking_hands
from quotakeeper.metering.steps import called, drive
from quotakeeper.sandbox import Sandbox
from tests.intercept_sockets.conftest import (
    CLOSE,
    HEADERS,
    RAW,
    SECOND,
    Watched,
    address,
    billed,
    booked,
)

UPGRADE = {**HEADERS, "connection": "upgrade", "upgrade": "websocket",
           "sec-websocket-key": "MDEyMzQ1Njc4OWFiY2RlZg==", "sec-websocket-version": "13"}  # fmt: skip


def until_closed(socket: Any) -> list[dict[str, Any]]:
    frames = []
    with pytest.raises(httpx_ws.WebSocketDisconnect):
        while True:
            frames.append(socket.receive_json(timeout=20))
    return frames


def test_messages_in_pieces_count_when_they_are_whole(sandbox: Sandbox, watched: Watched) -> None:
    limit = {"name": "sound", "provider": "deepgram", "meter": "audio_seconds", "window": "day"}
    watched({**limit, "amount": "3"})
    connect: Any = httpx_ws.connect_ws(address(sandbox, RAW), headers=dict(HEADERS))
    with connect as socket:
        socket.ping()
        socket.send(BytesMessage(data=SECOND[:10_000], message_finished=False))
        socket.send(BytesMessage(data=SECOND[10_000:]))
        with pytest.raises(httpx_ws.WebSocketNetworkError, match="sound"):
            socket.send_bytes(SECOND * 3)
        socket.send(TextMessage(data=CLOSE[:5], message_finished=False))
        frames = until_closed(socket)
    assert frames[-1]["type"] == "Metadata"
    assert booked(watched) == billed(sandbox) == [{"requests": 1, "audio_milliseconds": 1_000}]


def test_a_client_that_is_given_and_its_sessions_are_metered(
    sandbox: Sandbox, watched: Watched
) -> None:
    watched()

    class Session(httpx_ws.WebSocketSession):
        """One of the program's own."""

    url = address(sandbox, RAW).replace("ws:", "http:")
    with httpx.Client(headers=HEADERS) as client:
        for _ in range(2):
            with httpx_ws.connect_ws(url, client, session_class=Session) as socket:
                socket.send_bytes(SECOND)
                socket.send_json({"type": "CloseStream"})
                assert until_closed(socket)[-1]["type"] == "Metadata"
    second = {"requests": 1, "audio_milliseconds": 1_000}
    assert booked(watched) == billed(sandbox, 2) == [second, second]


@contextmanager
def by_hand(sandbox: Sandbox) -> Iterator[tuple[httpx.Response, Any]]:
    """A WebSocket over httpx as another library may open it."""
    url = address(sandbox, RAW).replace("ws:", "http:")
    with httpx.Client() as client, client.stream("GET", url, headers=UPGRADE) as response:
        yield response, response.extensions.get("network_stream")


def test_a_socket_of_another_library_is_no_call_and_is_named(
    sandbox: Sandbox, watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    limit = {"name": "one", "meter": "requests", "window": "day", "amount": 1}
    watched(limit)
    with caplog.at_level(logging.WARNING, "quotakeeper"):
        for _ in range(2):
            with by_hand(sandbox) as (response, stream):
                assert response.status_code == 101
                connection = Connection(ConnectionType.CLIENT)
                for message in (BytesMessage(data=SECOND), TextMessage(data=CLOSE)):
                    stream.write(connection.send(message))
                connection.receive_data(stream.read(65_536))
                first: Any = next(connection.events())
                assert json.loads(first.data)["type"] == "Results"
    assert watched.events() == []
    host = sandbox.base_url.partition("://")[2]
    assert [record.getMessage() for record in caplog.records] == [
        f"quotakeeper: a WebSocket to {host} is not counted: "
        "quotakeeper cannot meter the library that opened it"
    ] * 2


def test_what_is_no_providers_is_not_named(
    sandbox: Sandbox, watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    watched()
    with httpx.Client() as client:
        url = f"{sandbox.base_url}/somewhere/else"
        assert client.get(url, headers=UPGRADE).status_code == 404
    assert (watched.events(), caplog.records) == ([], [])


@pytest.mark.parametrize(
    ("status", "is_of_mock", "events"),
    [(101, True, 0), (404, True, 0), (307, False, 0), (404, False, 1)],
)
def test_a_handshake_that_opens_nothing_ends_the_attempt(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, status: int, is_of_mock: bool, events: int
) -> None:
    watched()
    monkeypatch.setattr(httpx_websocket, "_is_of_httpx_ws", lambda request: True)
    request = httpx.Request("GET", "http://127.0.0.1:9/v1/listen?" + RAW, headers=UPGRADE)
    answer = httpx.Response(status)
    hands = Handshake(
        lambda: answer, request, lambda *_: None, (httpx.ConnectError,), lambda _: is_of_mock
    )
    assert drive(shaking_hands(THREADS, hands), called) is answer
    assert [dict(each.quantities) for each in watched.events()] == [{"requests": 1}] * events
