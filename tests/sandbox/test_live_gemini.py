"""Gemini Live in the sandbox: setup first, usage once a turn, and the context billed again each turn."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from quotakeeper.sandbox import Sandbox

PATH = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
SETUP = {"setup": {"model": "models/gemini-3.8-live"}}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def opened(sandbox: Sandbox, path: str = PATH + "?key=any") -> ClientConnection:
    return connect(sandbox.gemini_url.replace("http:", "ws:") + path, proxy=None)


def say(socket: ClientConnection, message: object) -> None:
    socket.send(json.dumps(message))


def heard(socket: ClientConnection) -> dict[str, Any]:
    message = socket.recv()
    assert isinstance(message, bytes)  # the real API sends JSON as bytes
    found: dict[str, Any] = json.loads(message)
    return found


def words(text: str) -> dict[str, Any]:
    turn = {"role": "user", "parts": [{"text": text}]}
    return {"clientContent": {"turns": [turn], "turnComplete": True}}


def answered(socket: ClientConnection) -> dict[str, Any]:
    """The usage of the turn that ends next."""
    while True:
        message = heard(socket)
        if message["serverContent"].get("turnComplete"):
            usage: dict[str, Any] = message.get("usageMetadata", {})
            return usage


def billed(sandbox: Sandbox) -> dict[str, int]:
    assert sandbox.bill.wait_for(1)
    return dict(sandbox.bill.charges[0].quantities)


def test_every_turn_is_billed_with_the_whole_session(sandbox: Sandbox) -> None:
    with opened(sandbox) as socket:
        say(socket, SETUP)
        assert heard(socket) == {"setupComplete": {}}
        usages = []
        for text in ("xin chào", "bạn khoẻ không?"):
            say(socket, words(text))
            usages.append(answered(socket))
    first, second = usages
    assert second["promptTokenCount"] > first["promptTokenCount"] + first["responseTokenCount"]
    assert first["totalTokenCount"] == first["promptTokenCount"] + first["responseTokenCount"]
    assert "candidatesTokenCount" not in first
    assert billed(sandbox) == {
        "requests": 1,
        "input_tokens": first["promptTokenCount"] + second["promptTokenCount"],
        "output_tokens": first["responseTokenCount"] + second["responseTokenCount"],
    }
    assert sandbox.bill.charges[0].model == "gemini-3.8-live"


def test_sound_in_and_sound_out_are_counted(sandbox: Sandbox) -> None:
    second = base64.b64encode(bytes(32_000)).decode()
    with opened(sandbox) as socket:
        config = {"responseModalities": ["AUDIO"]}
        say(socket, {"setup": {**SETUP["setup"], "generationConfig": config}})
        heard(socket)
        for _ in range(2):
            blob = {"mimeType": "audio/pcm;rate=16000", "data": second}
            say(socket, {"realtimeInput": {"audio": blob}})
        say(socket, {"realtimeInput": {"audioStreamEnd": True}})
        spoken = heard(socket)["serverContent"]["modelTurn"]["parts"][0]["inlineData"]
        usage = answered(socket)
    assert spoken["mimeType"] == "audio/pcm;rate=24000"
    assert usage["promptTokensDetails"] == [{"modality": "AUDIO", "tokenCount": 50}]
    bill = billed(sandbox)
    assert (bill["input_tokens@audio"], "input_tokens" in bill) == (50, False)
    assert bill["output_tokens@audio"] == usage["responseTokenCount"]


def test_text_and_tool_results_start_turns_too(sandbox: Sandbox) -> None:
    with opened(sandbox) as socket:
        setup = {**SETUP["setup"], "systemInstruction": {"parts": [{"text": "Ngắn gọn thôi."}]}}
        say(socket, {"setup": {**setup, "tools": [{"functionDeclarations": [{"name": "look"}]}]}})
        heard(socket)
        say(socket, {"realtimeInput": {"text": "mấy giờ rồi?"}})
        first = answered(socket)
        say(socket, {"toolResponse": {"functionResponses": [{"id": "1", "response": {"a": 1}}]}})
        assert answered(socket)["promptTokenCount"] > first["promptTokenCount"]


@pytest.mark.parametrize("message", ["nonsense", json.dumps(words("hi")), json.dumps([])])
def test_a_session_without_setup_first_is_refused(sandbox: Sandbox, message: str) -> None:
    with opened(sandbox) as socket:
        socket.send(message)
        with pytest.raises(ConnectionClosedError) as closed:
            socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1007
    assert billed(sandbox) == {"requests": 1}


def test_a_session_without_a_key_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(InvalidStatus) as refused:
        opened(sandbox, PATH)
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("kind", ["429", "429-day", "402", "500", "503"])
def test_an_error_closes_an_open_socket(kind: str) -> None:
    fault = f"{kind}@1=BidiGenerateContent"
    with Sandbox(faults=[fault]) as sandbox, opened(sandbox) as socket:
        with pytest.raises(ConnectionClosedError) as closed:
            socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1011
        assert closed.value.rcvd.reason


def test_a_session_may_be_cut_after_a_turn_or_have_no_usage() -> None:
    with Sandbox(faults=["cut@1", "no-usage@2"]) as sandbox:
        with opened(sandbox) as socket:
            say(socket, SETUP)
            heard(socket)
            say(socket, words("một"))
            answered(socket)
            with pytest.raises(ConnectionClosedError):
                socket.recv()
        with opened(sandbox) as socket:
            say(socket, SETUP)
            heard(socket)
            say(socket, words("hai"))
            assert answered(socket) == {}
        assert sandbox.bill.wait_for(2)
        assert all(charge.quantities["output_tokens"] for charge in sandbox.bill.charges)
