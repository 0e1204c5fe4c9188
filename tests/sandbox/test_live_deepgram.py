"""Deepgram's live transcription in the sandbox: messages like recorded ones, and a bill
for the sound sent.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from socket import SHUT_RDWR
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from quotakeeper.sandbox import Sandbox
from tests.sandbox.test_shapes import RECORDED, compare, recorded

KEY = {"Authorization": "Token any"}
RAW = "model=nova-3&encoding=linear16&sample_rate=16000"
SECOND = b"\x11\x22" * 16_000


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def opened(sandbox: Sandbox, query: str = RAW, **options: Any) -> ClientConnection:
    options.setdefault("additional_headers", KEY)
    url = sandbox.deepgram_url.replace("http:", "ws:")
    socket: ClientConnection = connect(f"{url}/v1/listen?{query}", proxy=None, **options)
    return socket


def told(socket: ClientConnection) -> list[dict[str, Any]]:
    return [json.loads(message) for message in socket]


def billed(sandbox: Sandbox, charges: int = 1) -> list[tuple[int, dict[str, int]]]:
    assert sandbox.bill.wait_for(charges)
    return [(charge.status, dict(charge.quantities)) for charge in sandbox.bill.charges]


def finish(socket: ClientConnection) -> list[dict[str, Any]]:
    socket.send(json.dumps({"type": "CloseStream"}))
    return told(socket)


def test_results_are_followed_by_metadata_and_a_normal_close(sandbox: Sandbox) -> None:
    with opened(sandbox) as socket:
        for _ in range(7):
            socket.send(SECOND)
        frames = finish(socket)
        assert socket.close_code == 1000
    assert [frame["type"] for frame in frames] == ["Results"] * 3 + ["Metadata"]
    assert [(frame["start"], frame["duration"]) for frame in frames[:3]] == [(0, 3), (3, 3), (6, 1)]
    assert all(frame["is_final"] for frame in frames[:3])
    assert frames[0]["channel"]["alternatives"][0]["transcript"]
    assert frames[-1]["duration"] == 7.0
    assert billed(sandbox) == [(101, {"requests": 1, "audio_milliseconds": 7_000})]


def test_interim_results_overlap_and_finalize_sends_the_rest(sandbox: Sandbox) -> None:
    with opened(sandbox, RAW + "&interim_results=true&vad_events=true") as socket:
        socket.send(SECOND + SECOND[:16_000])
        socket.send(json.dumps({"type": "Finalize"}))
        started, interim, final = (json.loads(socket.recv()) for _ in range(3))
        assert finish(socket)[-1]["duration"] == 1.5
    assert started["type"] == "SpeechStarted"
    assert (interim["is_final"], interim["duration"]) == (False, 1.5)
    assert (final["is_final"], final["from_finalize"], final["duration"]) == (True, True, 1.5)


def test_keep_alive_and_an_open_socket_cost_nothing(sandbox: Sandbox) -> None:
    with opened(sandbox) as socket:
        socket.send(json.dumps({"type": "KeepAlive"}))
        (metadata,) = finish(socket)
    assert (metadata["duration"], "models" in metadata) == (0.0, False)
    assert billed(sandbox) == [(101, {"requests": 1})]


@pytest.mark.parametrize(
    ("query", "size", "milliseconds"),
    [
        ("encoding=mulaw&sample_rate=8000", 12_000, 1_500),
        ("encoding=linear16&sample_rate=8000&channels=2&multichannel=true", 64_000, 4_000),
        ("encoding=linear16&sample_rate=8000&channels=2", 64_000, 2_000),
    ],
)
def test_the_length_follows_the_encoding_and_the_channels(
    sandbox: Sandbox, query: str, size: int, milliseconds: int
) -> None:
    with opened(sandbox, query) as socket:
        socket.send(b"\x55" * size)
        results, *_, metadata = finish(socket)
    channels = 2 if "multichannel" in query else 1
    assert results["channel_index"] == [0, channels]
    assert metadata["channels"] == channels
    assert billed(sandbox) == [(101, {"requests": 1, "audio_milliseconds": milliseconds})]


def test_a_leading_wav_header_gives_the_sample_rate(sandbox: Sandbox) -> None:
    head = b"RIFF\xff\xff\xff\xffWAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8_000, 16_000, 2, 16)
    with opened(sandbox, "model=nova-3") as socket:
        socket.send(head + b"data\xff\xff\xff\xff" + bytes(8_000))
        socket.send(bytes(8_000))
        results, metadata = finish(socket)
    assert results["channel"]["alternatives"][0]["transcript"] == ""  # silence
    assert metadata["duration"] == 1.0
    assert billed(sandbox) == [(101, {"requests": 1, "audio_milliseconds": 1_000})]


def test_a_client_that_disconnects_is_billed_for_what_it_sent(sandbox: Sandbox) -> None:
    with opened(sandbox) as socket:
        socket.send(SECOND)
        socket.socket.shutdown(SHUT_RDWR)
    assert billed(sandbox) == [(101, {"requests": 1, "audio_milliseconds": 1_000})]


def test_a_session_without_sound_is_closed_after_the_idle_time() -> None:
    with Sandbox(live_idle_seconds=0.05) as sandbox, opened(sandbox) as socket:
        assert json.loads(socket.recv())["type"] == "Metadata"
        with pytest.raises(ConnectionClosedError) as closed:
            socket.recv()
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason[:8]) == (1011, "NET-0001")


def test_an_unknown_message_ends_the_session(sandbox: Sandbox) -> None:
    with opened(sandbox) as socket:
        socket.send("{")
        assert json.loads(socket.recv())["type"] == "Error"
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008


@pytest.mark.parametrize(
    ("fault", "status"), [("402", 402), ("429", 429), ("500", 500), ("503", 503)]
)
def test_a_refusal_is_sent_instead_of_the_handshake(fault: str, status: int) -> None:
    with Sandbox(faults=[f"{fault}@1=listen"]) as sandbox:
        with pytest.raises(InvalidStatus) as refused:
            opened(sandbox)
        response = refused.value.response
        assert (response.status_code, "dg-error" in response.headers) == (status, True)
        assert "err_code" in json.loads(response.body or b"")
        assert ("Retry-After" in response.headers) is (status == 429)
        with opened(sandbox) as socket:
            finish(socket)
        assert billed(sandbox, 2) == [(status, {"requests": 1}), (101, {"requests": 1})]


def test_handshakes_that_the_real_api_refuses_are_refused(sandbox: Sandbox) -> None:
    for query, headers, status in (
        (RAW, {}, 401),
        ("encoding=linear16", KEY, 400),
    ):
        with pytest.raises(InvalidStatus) as refused:
            opened(sandbox, query, additional_headers=headers)
        assert refused.value.response.status_code == status
    assert sandbox.bill.charges == ()


def test_a_key_may_be_sent_as_a_subprotocol(sandbox: Sandbox) -> None:
    with opened(sandbox, additional_headers={}, subprotocols=["token", "any"]) as socket:
        assert socket.subprotocol == "token"
        finish(socket)
    with opened(sandbox, RAW + "&token=any", additional_headers={}) as socket:
        finish(socket)


def test_a_session_may_be_cut_or_end_without_a_message() -> None:
    with Sandbox(faults=["cut@1", "no-usage@2", "malformed@3"]) as sandbox:
        with opened(sandbox) as socket:
            socket.send(SECOND * 3)
            json.loads(socket.recv())
            with pytest.raises(ConnectionClosedError) as closed:
                socket.recv()
            assert closed.value.rcvd is None
        with opened(sandbox) as socket:
            socket.send(SECOND)
            assert [frame["type"] for frame in finish(socket)] == ["Results"]
        with opened(sandbox) as socket:
            socket.send(json.dumps({"type": "CloseStream"}))
            with pytest.raises(ValueError, match=r"delimiter|string|Expecting"):
                json.loads(socket.recv())
        assert [amounts.get("audio_milliseconds") for _, amounts in billed(sandbox, 3)] == [
            3_000, 1_000, None,
        ]  # fmt: skip


@pytest.mark.skipif(
    not RECORDED.is_dir(), reason="../shared not present: no recorded replies to compare with"
)
def test_messages_have_the_fields_of_recorded_ones(sandbox: Sandbox) -> None:
    with opened(sandbox) as socket:
        socket.send(SECOND)
        results, _ = finish(socket)
    with opened(sandbox) as socket:
        (metadata,) = finish(socket)
    compare(results, recorded("deepgram_ws_results_nova"))
    compare(metadata, recorded("deepgram_ws_metadata_noaudio"))
