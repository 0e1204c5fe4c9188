"""Media inside requests: images by their size, films, pages, and messages that hold them."""

from __future__ import annotations

import base64
import struct

import pytest

from quotakeeper.providers.gemini.media import image_size, image_tokens, media_tokens, pages
from quotakeeper.providers.gemini.models import media_rates
from tests.providers import sounds
from tests.providers.support import ANTHROPIC, GEMINI, OPENAI, post, understood

JPEG = (
    b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(10) + b"\xff\xc0\0\x11\x08" + struct.pack(">HH", 480, 640)
)
WEBP = b"RIFF\0\0\0\0WEBP"
SIZES = [
    (JPEG + bytes(20), (640, 480)),
    (b"GIF89a" + struct.pack("<HH", 320, 200), (320, 200)),
    (WEBP + b"VP8X" + bytes(8) + b"\x7f\x02\0\xdf\x01\0", (640, 480)),
    (WEBP + b"VP8 " + bytes(10) + struct.pack("<HH", 640, 480), (640, 480)),
    (WEBP + b"VP8L" + bytes(5) + (639 | 479 << 14).to_bytes(4, "little") + bytes(9), (640, 480)),
    (WEBP + b"????" + bytes(20), None),
    (b"\xff\xd8\xff\xe0", None),
    (b"\xff\xd8\0\0\0\0\0\0\0\0\0\0", None),
    (b"no image", None),
    (b"", None),
]
OLD, NEW = media_rates("gemini-2.5-flash"), media_rates("gemini-3-flash-preview")


@pytest.mark.parametrize(("data", "size"), SIZES)
def test_images_tell_their_size(data: bytes, size: tuple[int, int] | None) -> None:
    assert image_size(data) == size


def test_an_image_of_unknown_size_is_bounded_by_the_largest() -> None:
    assert image_tokens(b"?", OLD) == 16 * 258
    assert image_tokens(JPEG + bytes(20), OLD) == 258
    assert image_tokens(b"?", NEW) == 1_120


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("mime", "data", "expected"),
    [
        # ten seconds of film: 263 + 32 tokens a second, 70 + 25 for 3.x
        ("video/mp4", sounds.mp4(10_000), {"input_tokens@audio": 320, "input_tokens@video": 2_630}),
        ("audio/pcm;rate=16000", bytes(32_000), {"input_tokens@audio": 64}),
        ("text/plain", b"hello", {"input_tokens": 5}),
        ("application/x-zip", b"hello", {"input_tokens@document": 5}),
        ("application/pdf", b"", {"input_tokens@document": 258}),
    ],
)
def test_media_are_counted_by_what_they_are(mime: str, data: bytes, expected: object) -> None:
    assert media_tokens(mime, encoded(data), OLD) == expected


def test_a_film_without_a_header_is_bounded_by_the_longest_prompt() -> None:
    found = media_tokens("video/mp4", encoded(bytes(900_000)), NEW)
    assert found["input_tokens@video"] >= 84_000
    assert media_tokens("audio/mp3", "not base64 at all!", OLD)["input_tokens@audio"] > 0


def test_pages_that_are_not_listed_openly_are_bounded_by_size() -> None:
    assert pages(bytes(10_000)) == 50
    assert pages(b"/Type /Page " * 3 + bytes(5_000)) == 3
    assert pages(bytes(10**7)) == 1_000


def test_an_interaction_may_hold_media_and_turns() -> None:
    said = [
        {"role": "user", "content": [{"type": "text", "text": "hello"},
            {"type": "audio", "mime_type": "audio/wav", "data": encoded(sounds.wav(4))}]},
        {"type": "image", "mime_type": "image/png", "uri": "https://example.org/a.png"},
    ]  # fmt: skip
    request = post(f"{GEMINI}/v1beta/interactions",
        {"model": "gemini-3-flash-preview", "input": said, "tools": [{"type": "google_search"}],
         "generation_config": {"max_output_tokens": 77}, "previous_interaction_id": "i-0"})  # fmt: skip
    _, call = understood(request)
    assert call.bound["input_tokens@audio"] == 100
    assert call.bound["input_tokens@image"] == 1_120
    assert (call.bound["output_tokens"], call.bound["searches"]) == (77, 10)
    assert "unknown" in call.note


def test_predictions_of_images_and_of_films() -> None:
    root = f"{GEMINI}/v1beta/models"
    _, call = understood(
        post(f"{root}/imagen-3.0-generate-002:predict", {"parameters": {"sampleCount": 4}})
    )
    assert call.bound == {"images": 4, "requests": 1}
    _, call = understood(
        post(f"{root}/veo-3.1-generate-preview:predictLongRunning", {"instances": []})
    )
    assert (call.bound, call.note[:6]) == ({"requests": 1}, "billed")


def test_messages_hold_images_documents_and_results() -> None:
    content = [
        {"type": "image", "source": {"type": "base64", "data": "A" * 9_000}},
        {"type": "document", "source": {"data": "A" * 3_000}},
        {"type": "tool_use", "input": {"city": "Hue"}},
        {"type": "tool_result", "content": [{"type": "text", "text": "rain"}]},
    ]
    body = {"model": "c", "max_tokens": 10, "messages": [{"role": "user", "content": content}],
        "tools": [{"type": "web_search_20250305", "max_uses": 3}]}  # fmt: skip
    _, call = understood(post(f"{ANTHROPIC}/v1/messages", body))
    assert 4_600 <= call.bound["input_tokens"] <= 5_000
    assert call.bound["searches"] == 3


def test_chat_may_hold_sound_and_tools() -> None:
    sound = {"type": "input_audio", "input_audio": {"data": encoded(bytes(7_500)), "format": "wav"}}
    body = {"model": "m", "messages": [{"role": "user", "content": [sound]}], "tools": [{"a": "b"}],
        "web_search_options": {}}  # fmt: skip
    _, call = understood(post(f"{OPENAI}/v1/chat/completions", body))
    assert call.bound["input_tokens@audio"] == 100
    assert call.bound["searches"] == 10
    images = understood(post(f"{OPENAI}/v1/images/generations", {"model": "m", "n": 2}))[1]
    assert images.bound == {"images": 2, "requests": 1}
