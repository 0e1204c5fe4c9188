"""The upper bound of a call, computed before it is sent: never less than the call's cost."""

from __future__ import annotations

import base64
import struct
import zlib
from dataclasses import dataclass
from typing import Any

import pytest

from quotakeeper.domain.usage import Provenance
from quotakeeper.providers import Call, Request
from quotakeeper.tokens import estimate_tokens
from tests.providers.sounds import wav
from tests.providers.support import ANTHROPIC, DEEPGRAM, GEMINI, OPENAI, post, understood


def png(width: int, height: int) -> bytes:
    head = struct.pack(">II5B", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))


def inline(mime: str, data: bytes) -> dict[str, object]:
    return {"inlineData": {"mimeType": mime, "data": base64.b64encode(data).decode()}}


def call_of(url: str, body: object = None, **headers: str) -> Call:
    return understood(post(url, body, headers))[1]


def generate(model: str, *parts: object, **body: Any) -> Call:
    url = f"{GEMINI}/v1beta/models/{model}:generateContent"
    return call_of(url, {"contents": [{"parts": list(parts)}], **body})


def test_a_text_is_bounded_by_the_given_counter() -> None:
    text = "Xin chào các bạn, hôm nay chúng ta học tiếng Việt. " * 40
    request = post(
        f"{GEMINI}/v1/models/gemini-2.5-flash:generateContent",
        {
            "contents": [{"role": "user", "parts": [{"text": text}]}],
            "systemInstruction": {"parts": [{"text": text}]},
            "tools": [{"functionDeclarations": [{"name": "f", "description": text}]}],
        },
    )
    call = understood(request, count=estimate_tokens)[1]
    once = estimate_tokens(text)
    assert call.bound["input_tokens"] >= 3 * once.tokens
    assert call.typical["input_tokens"] >= 3 * once.tokens * 0.9
    assert call.bound["input_tokens"] <= 5 * once.upper_bound  # a declaration counts 2.5 times
    assert call.bound_is is Provenance.ESTIMATED


def test_without_a_counter_a_text_has_at_most_one_token_per_byte() -> None:
    call = generate("gemini-2.5-flash", {"text": "chữ" * 100})
    assert call.bound["input_tokens"] >= len(("chữ" * 100).encode())
    assert 0 < call.typical["input_tokens"] < call.bound["input_tokens"]


@pytest.mark.parametrize(
    ("model", "settings", "key", "most"),
    [
        ("gemini-2.5-flash", {}, "output_tokens", 65_536),
        ("gemini-2.0-flash", {}, "output_tokens", 8_192),
        ("gemini-2.5-flash", {"maxOutputTokens": 100}, "output_tokens", 100),
        ("gemini-2.5-flash", {"maxOutputTokens": 100, "candidateCount": 3}, "output_tokens", 300),
        ("gemini-3-pro-image", {}, "output_tokens@image", 32_768),
        ("gemini-3-pro-image", {"maxOutputTokens": 100}, "output_tokens@image", 2_600),
        ("gemini-2.5-flash-preview-tts", {}, "output_tokens@audio", 16_384),
        ("a-model-of-tomorrow", {}, "output_tokens", 65_536),
        ("gemini-2.5-flash", {"maxOutputTokens": "lots"}, "output_tokens", 65_536),
    ],
)
def test_output_is_bounded_by_the_requests_cap_or_the_models(
    model: str, settings: dict[str, object], key: str, most: int
) -> None:
    call = generate(model, {"text": "hi"}, generationConfig=settings)
    assert call.bound[key] == most


def test_media_in_a_request_are_bounded_by_their_type_and_size() -> None:
    sound = inline("audio/wav", wav(10))
    assert generate("gemini-2.5-flash", sound).bound["input_tokens@audio"] == 320
    assert generate("gemini-3-flash-preview", sound).bound["input_tokens@audio"] == 250
    small, large = inline("image/png", png(300, 384)), inline("image/png", png(1000, 800))
    assert generate("gemini-2.5-flash", small).bound["input_tokens@image"] == 258
    assert generate("gemini-2.5-flash", large).bound["input_tokens@image"] == 5 * 258
    assert generate("gemini-3-flash-preview", large).bound["input_tokens@image"] == 1_120
    pdf = inline("application/pdf", b"%PDF-1.4 /Type /Pages /Count 2 /Type /Page  /Type /Page ")
    assert generate("gemini-2.0-flash", pdf).bound["input_tokens@document"] == 2 * 17 * 258
    assert generate("gemini-2.5-flash", pdf).bound["input_tokens@document"] == 2 * 258
    assert generate("gemini-3-flash-preview", pdf).bound["input_tokens@document"] == 2 * 560
    broken = generate("gemini-2.5-flash", {"inlineData": {"mimeType": "image/png", "data": "%%%"}})
    assert broken.bound["input_tokens@image"] > 0


def test_a_higher_resolution_raises_the_bound_of_images() -> None:
    image = inline("image/png", png(10, 10))
    fine = {"mediaResolution": "MEDIA_RESOLUTION_ULTRA_HIGH"}
    call = generate("gemini-3-flash-preview", image, generationConfig=fine)
    assert call.bound["input_tokens@image"] == 2_240
    of_its_own = image | {"mediaResolution": {"level": "MEDIA_RESOLUTION_LOW"}}
    call = generate("gemini-3-flash-preview", of_its_own, image)
    assert call.bound["input_tokens@image"] == 280 + 1_120


@pytest.mark.parametrize(
    ("parts", "body"),
    [
        ([{"fileData": {"fileUri": "https://youtu.be/x", "mimeType": "video/mp4"}}], {}),
        ([{"text": "hi"}], {"cachedContent": "cachedContents/c-1"}),
    ],
)
def test_content_by_reference_is_assumed(parts: list[object], body: Any) -> None:
    call = generate("gemini-2.5-flash", *parts, **body)
    assert call.bound_is is Provenance.ASSUMED
    assert "unknown" in call.note
    assert sum(n for k, n in call.bound.items() if k.startswith("input")) >= 1_000_000
    assert call.typical["input_tokens"] < 50_000


def test_search_is_bounded_by_prompts_or_by_queries() -> None:
    tools: list[object] = [{"googleSearch": {}}]
    assert generate("gemini-2.5-flash", {"text": "?"}, tools=tools).bound["searches"] == 1
    assert generate("gemini-3-flash-preview", {"text": "?"}, tools=tools).bound["searches"] == 10


def test_the_requested_tier_is_an_option() -> None:
    assert generate("gemini-3-flash-preview", {"text": "?"}, serviceTier="flex").options == {
        "tier": "flex"
    }
    batch = call_of(
        f"{GEMINI}/v1beta/models/gemini-2.5-flash:batchGenerateContent",
        {"batch": {"inputConfig": {"requests": {"requests": [
            {"request": {"contents": [{"parts": [{"text": "hi"}]}],
                         "generationConfig": {"maxOutputTokens": 10}}}] * 3}}}},
    )  # fmt: skip
    assert batch.options == {"tier": "batch"}
    assert batch.bound["output_tokens"] == 30


def test_a_cache_is_bounded_together_with_its_storage() -> None:
    body = {"contents": [{"parts": [{"text": "x" * 4000}]}], "ttl": "7200s"}
    call = call_of(f"{GEMINI}/v1beta/cachedContents", {"model": "models/gemini-2.5-flash", **body})
    assert call.model == "gemini-2.5-flash"
    assert call.bound["cache_token_hours"] == 2 * call.bound["input_tokens"]


def test_an_unseen_body_is_bounded_by_its_size() -> None:
    url = f"{GEMINI}/v1/models/gemini-2.5-flash:generateContent"
    call = understood(Request("POST", url, {}, None, 5_000))[1]
    assert (call.bound["input_tokens"], call.bound_is) == (5_000, Provenance.ASSUMED)
    assert understood(Request("POST", url))[1].bound["input_tokens"] == 1_048_576
    by_header = understood(Request("POST", url, {"content-length": "300"}))[1]
    assert by_header.bound["input_tokens"] == 300


@pytest.mark.parametrize(
    ("query", "channels", "milliseconds"),
    [("", 1, 10_000), ("", 2, 10_000), ("&multichannel=true", 2, 20_000)],
)
def test_sound_is_measured_before_it_is_sent(query: str, channels: int, milliseconds: int) -> None:
    url = f"{DEEPGRAM}/v1/listen?model=nova-3{query}"
    sound = wav(10, channels=channels)
    call = call_of(url, sound, **{"content-type": "application/octet-stream"})
    assert call.bound["audio_milliseconds"] == milliseconds
    assert call.typical == call.bound
    assert call.bound_is is Provenance.ESTIMATED


def test_sound_without_a_header_is_bounded_by_its_size() -> None:
    noise = bytes(range(256)) * 30
    url = f"{DEEPGRAM}/v1/listen?model=nova-3"
    call = call_of(url, noise, **{"content-type": "audio/x-unknown"})
    assert call.bound["audio_milliseconds"] == 10_240  # 7,680 bytes at 750 a second
    assert call.bound_is is Provenance.ASSUMED
    raw = call_of(f"{url}&encoding=linear16&sample_rate=16000&channels=1", bytes(32_000),
        **{"content-type": "audio/raw"})  # fmt: skip
    assert raw.bound["audio_milliseconds"] in (1_000, 1_001)
    assert raw.bound_is is Provenance.ESTIMATED
    unseen = understood(Request("POST", url, {"content-type": "audio/wav"}, None, 7_500))[1]
    assert unseen.bound["audio_milliseconds"] == 10_000


def test_sound_by_url_is_assumed() -> None:
    call = call_of(f"{DEEPGRAM}/v1/listen?model=nova-3", {"url": "https://example.org/film.mp4"})
    assert call.bound_is is Provenance.ASSUMED
    assert call.bound["audio_milliseconds"] > call.typical["audio_milliseconds"] > 0


def test_transcription_and_text_features_are_bounded_in_tokens() -> None:
    url = f"{DEEPGRAM}/v1/listen?model=nova-3&summarize=v2&topics=true"
    call = call_of(url, wav(60), **{"content-type": "audio/wav"})
    assert call.bound["input_tokens"] == 60 * 6 * 2
    read = call_of(f"{DEEPGRAM}/v1/read?summarize=true&intents=true", {"text": "word " * 100})
    assert read.bound["input_tokens"] >= 2 * 500


def test_speech_synthesis_is_bounded_by_characters() -> None:
    assert call_of(f"{DEEPGRAM}/v1/speak", {"text": "Xin chào"}).bound["characters"] == 8
    spoken = call_of(f"{OPENAI}/v1/audio/speech", {"model": "tts-1", "input": "Xin chào"})
    assert (spoken.model, spoken.bound["characters"]) == ("tts-1", 8)


def form(fields: dict[str, str], file: bytes) -> tuple[bytes, str]:
    lines = [
        f'--b0\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = b'--b0\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n'
    body = b"".join(lines) + head + b"Content-Type: audio/wav\r\n\r\n" + file + b"\r\n--b0--\r\n"
    return body, 'multipart/form-data; boundary="b0"'


def test_the_sound_in_a_transcription_form_is_measured() -> None:
    url = f"{OPENAI}/v1/audio/transcriptions"
    body, kind = form({"model": "whisper-1"}, wav(30))
    call = call_of(url, body, **{"content-type": kind})
    assert (call.model, call.bound["audio_milliseconds"]) == ("whisper-1", 30_000)
    body, kind = form({"model": "gpt-4o-transcribe"}, wav(30))
    call = call_of(url, body, **{"content-type": kind})
    assert call.bound["input_tokens@audio"] == 300


def test_chat_and_messages_are_bounded_by_their_output_caps() -> None:
    said = [{"role": "user", "content": [
        {"type": "text", "text": "hello"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 9000}}]}]  # fmt: skip
    chat = call_of(f"{OPENAI}/v1/chat/completions",
        {"model": "gpt-x", "messages": said, "max_completion_tokens": 50, "n": 2})  # fmt: skip
    assert chat.bound["output_tokens"] == 100
    assert chat.bound["input_tokens@image"] == 3_779  # 1,536 patches of 2.46 tokens
    assert chat.bound["input_tokens"] < 100
    message = call_of(f"{ANTHROPIC}/v1/messages",
        {"model": "claude-z", "max_tokens": 70, "system": "be brief", "messages": [
            {"role": "user", "content": "hello"}]})  # fmt: skip
    assert (message.model, message.bound["output_tokens"]) == ("claude-z", 70)
    vectors = call_of(f"{OPENAI}/v1/embeddings", {"model": "e", "input": [[1, 2, 3], [4, 5]]})
    assert vectors.bound == {"input_tokens": 5, "requests": 1}
    compatible = call_of(f"{GEMINI}/v1beta/openai/chat/completions",
        {"model": "gemini-2.0-flash", "messages": said})  # fmt: skip
    assert (compatible.provider, compatible.bound["output_tokens"]) == ("gemini", 8_192)


@dataclass
class Counted:
    tokens: int = 5
    upper_bound: int = 6


def test_a_counter_that_fails_on_a_text_does_not_break_the_call() -> None:
    def fails(text: str) -> Counted:
        text.encode()
        return Counted()

    request = Request(
        "POST", f"{GEMINI}/v1/models/g:generateContent", {},
        b'{"contents":[{"parts":[{"text":"\\ud800"}]}]}',
    )  # fmt: skip
    call = understood(request, count=fails)[1]
    assert call.bound["input_tokens"] > 0


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_a_compressed_body_is_unpacked_or_bounded_by_its_size(encoding: str) -> None:
    import gzip

    body = gzip.compress(b'{"contents":[{"parts":[{"text":"' + b"word " * 1000 + b'"}]}]}')
    headers = {"content-encoding": encoding}
    url = f"{GEMINI}/v1/models/gemini-2.5-flash:generateContent"
    call = understood(Request("POST", url, headers, body))[1]
    assert call.bound["input_tokens"] >= 1_000 or encoding == "br"
