"""What the sandbox's Deepgram transcribes, bills and refuses, without a server."""

from __future__ import annotations

import io
import json
import wave
from pathlib import Path
from typing import Any

import pytest

from quotakeeper.sandbox import deepgram
from quotakeeper.sandbox.messages import Reply, SandboxRequest, SandboxTurn
from quotakeeper.sandbox.phrases import SPEECHES, Speech, SpokenSegment

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
TURN = SandboxTurn(1, 0)
KEY = {"authorization": "Token any", "content-type": "audio/wav"}


def wav(milliseconds: int, *, level: int = 3_000, channels: int = 1) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(8_000)
        pair = level.to_bytes(2, "little", signed=True) + (-level).to_bytes(
            2, "little", signed=True
        )
        writer.writeframes(pair * (milliseconds * 4 * channels))
    return buffer.getvalue()


def listen(audio: bytes, *known: Speech, headers: dict[str, str] = KEY, **options: str) -> Reply:
    request = SandboxRequest("POST", "/v1/listen", tuple(options.items()), headers, audio)
    return deepgram.reply_to(request, TURN, (*known, *SPEECHES))


def heard(reply: Reply) -> str:
    channel = json.loads(reply.body)["results"]["channels"][0]
    return str(channel["alternatives"][0]["transcript"])


def billed_milliseconds(reply: Reply) -> int:
    assert reply.charge is not None
    return reply.charge.quantities["audio_milliseconds"]


def test_the_samples_are_transcribed_correctly() -> None:
    for speech in SPEECHES:
        (transcript,) = SAMPLES.glob(f"{speech.name}.{speech.language}.txt")
        rows = transcript.read_text(encoding="utf-8").splitlines()[1:]
        read = [row.split("\t") for row in rows]
        assert [SpokenSegment(int(a), int(b), text) for a, b, text in read] == list(speech.segments)
        (audio,) = (each for each in SAMPLES.glob(f"{speech.name}.*") if each.suffix != ".txt")
        reply = listen(audio.read_bytes(), language=speech.language, utterances="true")
        utterances = json.loads(reply.body)["results"]["utterances"]
        assert [one["transcript"] for one in utterances] == [one.text for one in speech.segments]
        assert [round(one["start"] * 1000) for one in utterances] == [
            one.start_ms for one in speech.segments
        ]
        assert billed_milliseconds(reply) == speech.milliseconds


def test_vietnamese_is_not_transcribed_as_chinese_and_is_still_billed() -> None:
    audio = (SAMPLES / "ha-noi.mp3").read_bytes()
    reply = listen(audio, language="zh", model="nova-3")
    assert heard(reply) == ""
    assert billed_milliseconds(reply) == 9_879


def test_silence_is_billed_and_has_an_empty_transcript() -> None:
    reply = listen(wav(2_000, level=0), language="zh")
    assert heard(reply) == ""
    assert billed_milliseconds(reply) == 2_000
    assert heard(listen(wav(2_000), language="zh")) != ""


def test_unknown_speech_is_transcribed_in_the_requested_language() -> None:
    assert "测试" in heard(listen(wav(9_000), language="zh-CN"))
    assert "giọng nói" in heard(listen(wav(9_000), language="vi"))


def test_a_transcript_can_be_added_for_a_recording() -> None:
    speech = Speech("x", "zh", 5_000, (SpokenSegment(100, 900, "你好。"),))
    assert heard(listen(wav(5_000), speech, language="zh")) == "你好。"


def test_every_channel_is_billed_only_on_request() -> None:
    stereo = wav(3_000, channels=2)
    assert billed_milliseconds(listen(stereo)) == 3_000
    both = listen(stereo, multichannel="true")
    assert billed_milliseconds(both) == 6_000
    assert len(json.loads(both.body)["results"]["channels"]) == 2


def test_a_url_has_a_known_recording_or_half_a_minute() -> None:
    headers = {**KEY, "content-type": "application/json"}
    for url, milliseconds in [("https://h/xin-chao.wav", 16_067), ("https://h/other.wav", 30_000)]:
        reply = listen(json.dumps({"url": url}).encode(), headers=headers)
        assert billed_milliseconds(reply) == milliseconds


@pytest.mark.parametrize(
    ("headers", "body", "status", "code"),
    [
        ({}, wav(100), 401, "INVALID_AUTH"),
        ({"authorization": "Token "}, wav(100), 401, "INVALID_AUTH"),
        ({"authorization": "sk-123"}, wav(100), 401, "INVALID_AUTH"),
        (KEY, b"", 400, "Bad Request"),
        (KEY, b"not audio", 400, "Bad Request"),
        ({**KEY, "content-type": "application/json"}, b"{}", 400, "Bad Request"),
    ],
)
def test_requests_that_the_real_api_refuses_get_its_error_format(
    headers: dict[str, str], body: bytes, status: int, code: str
) -> None:
    reply = listen(body, headers=headers)
    assert (reply.status, json.loads(reply.body)["err_code"]) == (status, code)
    assert reply.charge is None


def speak(body: dict[str, Any]) -> Reply:
    headers = {"authorization": "Token any", "content-type": "application/json"}
    return deepgram.reply_to(
        SandboxRequest("POST", "/v1/speak", (), headers, json.dumps(body).encode()), TURN
    )


def test_speech_is_billed_by_the_character_and_returned_as_wav() -> None:
    reply = speak({"text": "Xin chào"})
    assert reply.charge is not None
    assert reply.charge.quantities == {"requests": 1, "characters": 8}
    with wave.open(io.BytesIO(reply.body)) as reader:
        assert reader.getnframes() > 0


@pytest.mark.parametrize(("body", "status"), [({}, 400), ({"text": "a" * 2_001}, 413)])
def test_empty_or_too_long_speech_requests_are_refused(body: dict[str, Any], status: int) -> None:
    assert speak(body).status == status
