"""WebSocket sessions: billed by turns, sound, characters or time."""

from __future__ import annotations

import base64
import json

import pytest

from quotakeeper.domain.usage import Outcome, Provenance
from quotakeeper.providers import LiveSession, Request, live_session
from quotakeeper.providers.registry import BUILT_IN
from tests.providers.sounds import wav

LIVE = (
    "wss://generativelanguage.googleapis.com/ws/"
    "google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent?key=SECRET"
)
LISTEN = "wss://api.deepgram.com/v1/listen?model=nova-3&encoding=linear16&sample_rate=16000"


def opened(url: str) -> LiveSession:
    found = live_session(Request("GET", url), among=BUILT_IN)
    assert found is not None
    return found[1]


def sound(milliseconds: int) -> dict[str, object]:
    data = base64.b64encode(bytes(32 * milliseconds)).decode()
    return {"realtimeInput": {"audio": {"data": data, "mimeType": "audio/pcm;rate=16000"}}}


def turn(prompt: int, response: int) -> dict[str, object]:
    return {"usageMetadata": {"promptTokenCount": prompt, "responseTokenCount": response}}


def test_turns_of_a_live_session_are_added_and_the_last_figure_of_a_turn_counts() -> None:
    session = opened(LIVE)
    session.sent(json.dumps({"setup": {"model": "models/gemini-3.1-flash-live-preview"}}))
    assert session.call.model == "gemini-3.1-flash-live-preview"
    assert "SECRET" not in repr(session.call)
    over = {"serverContent": {"turnComplete": True}}
    for message in (turn(100, 5), turn(143, 19), over, {**turn(181, 24), **over}, turn(224, 24)):
        session.received(json.dumps(message).encode())
    assert session.received("{}").quantities == {
        "input_tokens": 548,
        "output_tokens": 67,
        "requests": 1,
    }
    usage = session.finish()
    assert (usage.provenance, usage.outcome) == (Provenance.REPORTED, Outcome.OK)


def test_usage_that_arrives_after_its_turn_is_counted_once() -> None:
    session = opened(LIVE)
    over = {"serverContent": {"turnComplete": True}}
    for message in (over, turn(143, 19), over, turn(181, 24), over, turn(224, 24)):
        session.received(json.dumps(message))
    assert session.finish().quantities == {"input_tokens": 548, "output_tokens": 67, "requests": 1}


def test_a_live_session_that_dropped_is_estimated_from_sound_and_text() -> None:
    session = opened(LIVE)
    session.sent(json.dumps({"setup": {"model": "models/gemini-2.5-flash-native-audio"}}))
    for _ in range(9):
        session.sent(json.dumps(sound(100)))
    usage = session.sent(json.dumps(sound(100)))
    assert session.audio_milliseconds_sent == 1_000
    assert usage.quantities == {"input_tokens@audio": 32, "requests": 1}
    spoken = {
        "inlineData": {
            "mimeType": "audio/pcm;rate=24000",
            "data": base64.b64encode(bytes(48_000)).decode(),
        }
    }
    session.received(
        json.dumps({"serverContent": {"modelTurn": {"parts": [spoken, {"text": "hello"}]}}})
    )
    usage = session.finish(complete=False)
    assert usage.quantities["output_tokens@audio"] == 32
    assert usage.quantities["output_tokens"] == 2
    assert (usage.provenance, usage.outcome) == (Provenance.ESTIMATED, Outcome.UNKNOWN)


def test_data_sent_after_the_last_figure_is_added_when_a_session_drops() -> None:
    session = opened(LIVE)
    session.sent(json.dumps(sound(1_000)))
    session.received(json.dumps({**turn(50, 10), "serverContent": {"turnComplete": True}}))
    session.sent(json.dumps(sound(2_000)))
    assert session.finish(complete=False).quantities == {
        "input_tokens": 50, "input_tokens@audio": 64, "output_tokens": 10, "requests": 1,
    }  # fmt: skip


def test_a_transcription_socket_counts_bytes_until_a_result_arrives() -> None:
    session = opened(LISTEN)
    usage = session.sent(bytes(32_000))
    assert (session.audio_milliseconds_sent, usage.quantities["audio_milliseconds"]) == (
        1_000,
        1_000,
    )
    assert usage.provenance is Provenance.ESTIMATED
    session.sent('{"type": "KeepAlive"}')
    session.received(
        json.dumps({"type": "Results", "start": 0.0, "duration": 0.9, "channel_index": [0, 1]})
    )
    session.received(
        json.dumps({"type": "Results", "start": 0.0, "duration": 0.5, "channel_index": [0, 1]})
    )
    assert session.finish(complete=False).quantities["audio_milliseconds"] == 900
    done = {"type": "Metadata", "request_id": "d-1", "duration": 1.0, "channels": 1,
        "model_info": {"u": {"name": "general-nova-3", "arch": "nova-3"}}}  # fmt: skip
    session.received(json.dumps(done))
    usage = session.finish(complete=False)  # only the close was lost, so no figure is missing
    assert usage.quantities == {"audio_milliseconds": 1_000, "requests": 1}
    assert (usage.provenance, usage.outcome) == (Provenance.REPORTED, Outcome.OK)
    assert (usage.request_id, usage.model_served) == ("d-1", "nova-3")


def test_every_channel_of_a_socket_is_billed_on_request() -> None:
    session = opened(f"{LISTEN}&channels=2&multichannel=true")
    assert session.call.bound["audio_milliseconds"] == 120_000
    session.sent(bytes(64_000))
    assert session.audio_milliseconds_sent == 2_000
    session.received(json.dumps({"type": "Metadata", "duration": 1.5, "channels": 2}))
    assert session.finish().quantities["audio_milliseconds"] == 3_000


def test_a_wav_header_in_a_stream_gives_the_sample_rate() -> None:
    session = opened("wss://api.deepgram.com/v1/listen?model=nova-3")
    data = wav(2, rate=8_000)
    for start in range(0, len(data), 1_000):
        session.sent(data[start : start + 1_000])
    assert 1_990 <= session.audio_milliseconds_sent <= 2_010


def test_flux_uses_the_larger_of_window_and_bytes() -> None:
    url = (
        "wss://api.deepgram.com/v2/listen?model=flux-general-en&encoding=linear16&sample_rate=16000"
    )
    session = opened(url)
    assert session.call.options == {"mode": "streaming", "language": "mono"}
    session.sent(bytes(32_000))
    session.received(json.dumps({"type": "TurnInfo", "event": "Update", "audio_window_end": 1.2}))
    assert session.finish().quantities["audio_milliseconds"] == 1_200
    session.sent(bytes(32_000))
    assert session.finish().quantities["audio_milliseconds"] == 2_000


def test_a_speech_socket_counts_characters_and_then_uses_the_billed_count() -> None:
    session = opened("wss://api.deepgram.com/v2/speak?model=flux-haley-en")
    session.sent(json.dumps({"type": "Speak", "text": "Xin chào"}))
    session.sent(json.dumps({"type": "Flush"}))
    assert session.finish().quantities["characters"] == 8
    session.received(json.dumps({"type": "SessionMetadata", "total_billable_character_count": 7}))
    usage = session.finish()
    assert (usage.quantities["characters"], usage.provenance) == (7, Provenance.REPORTED)


@pytest.mark.parametrize(
    ("agent", "model"),
    [
        ({"think": {"provider": {"type": "open_ai"}}}, "agent-standard"),
        ({"think": {"endpoint": {"url": "https://example.org"}}}, "agent-byo-llm"),
        (
            {"think": [{"endpoint": {"url": "x"}}], "speak": {"endpoint": {"url": "y"}}},
            "agent-byo-llm-tts",
        ),
    ],
)
def test_an_agents_price_depends_on_who_supplies_its_models(agent: object, model: str) -> None:
    session = opened("wss://agent.deepgram.com/v1/agent/converse")
    session.sent(json.dumps({"type": "Settings", "agent": agent}))
    assert session.call.model == model
    assert session.sent(bytes(100), elapsed_ms=5_000).quantities["session_milliseconds"] == 5_000
    assert session.finish(elapsed_ms=61_000).quantities["session_milliseconds"] == 61_000


def test_an_error_on_a_socket_is_kept() -> None:
    session = opened(LISTEN)
    session.received(json.dumps({"type": "Error", "code": "NET-0001", "description": "no sound"}))
    assert session.fault is not None
    assert session.finish().outcome is Outcome.ERROR
