"""Gemini Live through every library: each turn as it is charged, and an end at the limit."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from quotakeeper.sandbox import Sandbox
from tests.intercept_sockets.conftest import (
    HEADERS,
    LIVE,
    Client,
    ClosedError,
    Open,
    RefusedError,
    Watched,
    address,
    billed,
    booked,
)

SETUP = {"setup": {"model": "models/gemini-3.8-live"}}


def say(socket: Client, message: object) -> None:
    socket.send(json.dumps(message))


def turn(socket: Client, text: str) -> dict[str, Any]:
    """One turn; gives its usage."""
    said = {"turns": [{"role": "user", "parts": [{"text": text}]}], "turnComplete": True}
    say(socket, {"clientContent": said})
    while True:
        message = json.loads(socket.recv())
        if message["serverContent"].get("turnComplete"):
            usage: dict[str, Any] = message.get("usageMetadata", {})
            return usage


def set_up(socket: Client) -> None:
    say(socket, SETUP)
    assert json.loads(socket.recv()) == {"setupComplete": {}}


def test_the_ledger_equals_the_bill(connect: Open, sandbox: Sandbox, watched: Watched) -> None:
    watched()
    with connect(LIVE) as socket:
        set_up(socket)
        for text in ("xin chào", "bạn khoẻ không?", "tạm biệt"):
            turn(socket, text)
    assert booked(watched) == billed(sandbox)
    (event,) = watched.events()
    assert (event.labels.provider, event.labels.model) == ("gemini", "gemini-3.8-live")
    # A library that does not wait for the server's close may see it in time.
    outcomes = {"ok"} if socket.waits_for_close else {"ok", "unknown"}
    assert str(event.provenance) == "reported"
    assert str(event.outcome) in outcomes


def test_a_limit_for_the_model_counts_from_the_setup_on(
    connect: Open, watched: Watched, sandbox: Sandbox
) -> None:
    limit = {"name": "live model", "provider": "gemini", "model": "gemini-3.8-live",
             "meter": "requests", "window": "day", "amount": 1}  # fmt: skip
    watched(limit)
    with connect(LIVE) as socket:
        set_up(socket)
        turn(socket, "một")
        with connect(LIVE) as second, pytest.raises(ClosedError, match="live model"):
            say(second, SETUP)
    assert sorted(map(len, booked(watched))) == sorted(map(len, billed(sandbox, 2)))
    assert {event.labels.model for event in watched.events()} == {"", "gemini-3.8-live"}


def test_a_session_that_outgrows_its_limit_is_closed(
    connect: Open, sandbox: Sandbox, watched: Watched
) -> None:
    limit = {"name": "tokens", "provider": "gemini", "meter": "tokens", "window": "day"}
    watched({**limit, "amount": 400})
    with connect(LIVE) as socket:
        set_up(socket)
        used = 0
        with pytest.raises(ClosedError, match="tokens") as closed:
            for _ in range(50):
                used += turn(socket, "kể tiếp đi")["totalTokenCount"]
        assert closed.value.code in (1006, 1008)
        with pytest.raises(ClosedError):
            say(socket, {"realtimeInput": {"text": "còn đó không?"}})
    (bill,) = billed(sandbox)
    assert booked(watched) == [bill]
    # A turn that was begun is charged in full; the one after it did not begin.
    assert 200 < used < 400 + 200


def test_an_exhausted_limit_refuses_the_handshake(
    connect: Open, sandbox: Sandbox, watched: Watched
) -> None:
    watched({"name": "tokens", "provider": "gemini", "meter": "tokens", "window": "day",
             "amount": 10})  # fmt: skip
    with pytest.raises(RefusedError) as refused:
        connect(LIVE)
    assert refused.value.status in (402, 429)
    assert sandbox.bill.charges == ()


def test_an_error_of_the_provider_is_settled(
    library: Callable[..., Client], watched: Watched
) -> None:
    watched()
    with Sandbox(faults=["429@1=BidiGenerateContent"]) as sandbox:
        with library(address(sandbox, LIVE), HEADERS) as socket:
            with pytest.raises(ClosedError) as closed:
                socket.recv()
            assert closed.value.code == 1011
        assert booked(watched) == billed(sandbox) == [{"requests": 1}]


def test_a_drop_in_the_middle_of_a_turn_is_estimated(
    connect: Open, sandbox: Sandbox, watched: Watched
) -> None:
    watched()
    socket = connect(LIVE)
    set_up(socket)
    first = turn(socket, "một")
    say(socket, {"clientContent": {"turns": [{"parts": [{"text": "chưa xong " * 20}]}]}})
    socket.drop()
    socket.close()
    (event,) = watched.events()
    assert (str(event.provenance), str(event.outcome)) == ("estimated", "unknown")
    assert event.quantities["input_tokens"] > first["promptTokenCount"]
    assert event.quantities["output_tokens"] >= first["responseTokenCount"]
