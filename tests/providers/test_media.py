"""Media inside requests: images by size, videos, pages, and messages with media in them."""

from __future__ import annotations

import base64
import struct
import zlib

import pytest

from quotakeeper.domain.usage import Provenance
from quotakeeper.providers.formats.image_sizes import image_size
from quotakeeper.providers.formats.pdf_pages import most_pages, page_count
from quotakeeper.providers.gemini.media import image_tokens, media_tokens
from quotakeeper.providers.gemini.models import media_rates
from tests.providers import sounds
from tests.providers.support import GEMINI, OPENAI, post, understood

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
CROPS = media_rates("gemini-2.0-flash")


@pytest.mark.parametrize(("data", "size"), SIZES)
def test_an_images_size_is_read_from_its_header(data: bytes, size: tuple[int, int] | None) -> None:
    assert image_size(data) == size


def test_an_image_of_unknown_size_is_bounded_by_the_largest() -> None:
    assert image_tokens(b"?", OLD)[0] == 17 * 258
    assert image_tokens(b"?", CROPS)[0] == 25 * 258
    assert image_tokens(JPEG + bytes(20), OLD) == (258, 258)
    assert image_tokens(b"?", NEW)[0] == 1_120
    assert image_tokens(b"?", media_rates("a-model-of-tomorrow"))[0] >= 25 * 258


@pytest.mark.parametrize(
    ("width", "height", "billed"),
    [(540, 360, 1_806), (3_008, 2_000, 3_354), (100, 100, 516), (612, 792, 1_290)],
)
def test_an_image_is_tiled_by_its_aspect_ratio_up_to_2_0(
    width: int, height: int, billed: int
) -> None:
    data = WEBP + b"VP8 " + bytes(10) + struct.pack("<HH", width, height)
    assert image_tokens(data, CROPS) == (billed, billed)


@pytest.mark.parametrize(
    ("resolution", "image", "second"),
    [("", 1_120, 70), ("MEDIA_RESOLUTION_LOW", 280, 70), ("MEDIA_RESOLUTION_MEDIUM", 560, 70),
     ("MEDIA_RESOLUTION_HIGH", 1_120, 280), ("MEDIA_RESOLUTION_ULTRA_HIGH", 2_240, 280),
     ("MEDIA_RESOLUTION_UNSPECIFIED", 1_120, 70), ("of tomorrow", 2_240, 280)],
)  # fmt: skip
def test_the_resolution_setting_decides_the_tokens_of_media_from_3(
    resolution: str, image: int, second: int
) -> None:
    rates = media_rates("gemini-3-pro-preview", resolution)
    assert (rates.image, rates.video_second) == (image, second)


def test_a_high_resolution_image_of_2_5_is_bounded_with_its_crops() -> None:
    data = JPEG + bytes(20)
    assert (
        image_tokens(data, media_rates("gemini-2.5-flash", "MEDIA_RESOLUTION_HIGH"))[0] == 5 * 258
    )


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("mime", "data", "expected"),
    [
        # ten seconds of video: 263 + 32 tokens a second, 70 + 25 for 3.x
        ("video/mp4", sounds.mp4(10_000), {"input_tokens@audio": 320, "input_tokens@video": 2_630}),
        ("audio/pcm;rate=16000", bytes(32_000), {"input_tokens@audio": 32}),
        ("audio/L16;rate=8000", bytes(160_000), {"input_tokens@audio": 320}),
        ("audio/pcm; rate=24000", bytes(480_000), {"input_tokens@audio": 320}),
        ("audio/L16;rate=8000;channels=2", bytes(160_000), {"input_tokens@audio": 160}),
        ("audio/pcm", bytes(160_000), {"input_tokens@audio": 320}),  # at least 8 kHz
        ("audio/basic", bytes(80_000), {"input_tokens@audio": 320}),
        ("audio/L24;rate=8000", bytes(240_000), {"input_tokens@audio": 320}),
        ("application/x-zip", b"hello", {"input_tokens@document": 5}),
        ("application/pdf", b"", {"input_tokens@document": 258}),
    ],
)
def test_media_are_counted_by_their_type(mime: str, data: bytes, expected: object) -> None:
    assert media_tokens(mime, encoded(data), OLD)[0] == expected


def test_a_video_without_a_header_is_bounded_by_the_longest_prompt() -> None:
    found = media_tokens("video/mp4", encoded(bytes(900_000)), NEW)[0]
    assert found["input_tokens@video"] >= 84_000
    assert media_tokens("audio/mp3", "not base64 at all!", OLD)[0]["input_tokens@audio"] > 0


def test_a_requested_frame_rate_of_a_video_is_counted() -> None:
    most, usual = media_tokens("video/mp4", encoded(sounds.mp4(10_000)), OLD, 5)
    assert most["input_tokens@video"] == usual["input_tokens@video"] == 5 * 2_630


def test_raw_sound_without_a_rate_is_typically_counted_at_16_khz() -> None:
    most, usual = media_tokens("audio/pcm", encoded(bytes(160_000)), OLD)
    assert (most, usual) == ({"input_tokens@audio": 320}, {"input_tokens@audio": 160})


def packed(*objects: bytes, damage: bool = False) -> bytes:
    """A PDF whose objects are all in one object stream."""
    stream = zlib.compress(b" ".join(objects))
    if damage:
        stream = stream[:-6]
    head = b"%PDF-1.5\n1 0 obj\n<</Type /ObjStm /N 3 /First 10 /Length "
    return head + str(len(stream)).encode() + b">>\nstream\n" + stream + b"\nendstream\nendobj"


def test_the_pages_of_a_document_are_counted_from_its_bytes() -> None:
    assert page_count(b"%PDF-1.4 " + b"/Type /Page " * 3 + bytes(5_000)) == 3
    assert page_count(b"%PDF-1.4 /Type/Pages/Count 12 /Type/Page ") == 12
    assert page_count(packed(b"<</Type/Page>>", b"<</Type/Pages /Count 7>>")) == 7
    assert page_count(packed(*[b"<</Type/Page>>"] * 3) + b" /Type /Page ") == 4


def test_a_document_with_unreadable_pages_is_bounded_by_its_size() -> None:
    hidden = packed(*[b"<</Type/Page>>"] * 9, damage=True) + b" /Type/Page " + bytes(6_400)
    assert page_count(hidden) is None  # other pages may be compressed
    assert most_pages(hidden, len(hidden)) >= 200
    assert most_pages(bytes(6_400), 6_400) == 200
    assert most_pages(bytes(10**7), 10**7) == 1_000
    assert most_pages(b"", 0) == 1


def test_an_object_stream_that_unpacks_to_too_much_is_skipped() -> None:
    assert page_count(packed(b"<</Type/Page>>", bytes(9 * 1024 * 1024))) is None


def test_an_interaction_may_contain_media_and_turns() -> None:
    said = [
        {"role": "user", "content": [{"type": "text", "text": "hello"},
            {"type": "audio", "mime_type": "audio/wav", "data": encoded(sounds.wav(4))}]},
        {"type": "image", "mime_type": "image/png", "uri": "https://example.org/a.png"},
    ]  # fmt: skip
    request = post(f"{GEMINI}/v1beta/interactions",
        {"model": "gemini-3-flash-preview", "input": said, "tools": [{"type": "google_search"}],
         "generation_config": {"max_output_tokens": 77}})  # fmt: skip
    _, call = understood(request)
    assert call.bound["input_tokens@audio"] == 100
    assert call.bound["input_tokens@image"] == 1_120
    assert (call.bound["output_tokens"], call.bound["searches"]) == (77, 10)
    assert call.bound["input_tokens"] < 21_000


def test_an_earlier_interaction_is_bounded_by_the_longest_prompt() -> None:
    body = {"model": "gemini-3-flash-preview", "input": "hi", "previous_interaction_id": "i-0"}
    _, call = understood(post(f"{GEMINI}/v1beta/interactions", body))
    assert sum(n for key, n in call.bound.items() if key.startswith("input")) == 1_048_576
    assert (call.bound_is, "unknown" in call.note) == (Provenance.ASSUMED, True)


def test_predictions_of_images_and_videos_are_bounded() -> None:
    root = f"{GEMINI}/v1beta/models"
    _, call = understood(
        post(f"{root}/imagen-3.0-generate-002:predict", {"parameters": {"sampleCount": 4}})
    )
    assert call.bound == {"images": 4, "requests": 1}
    _, call = understood(
        post(f"{root}/veo-3.1-generate-preview:predictLongRunning", {"instances": []})
    )
    assert (call.bound, call.note[:6]) == ({"requests": 1}, "billed")


def test_chat_may_contain_sound_and_tools() -> None:
    sound = {"type": "input_audio", "input_audio": {"data": encoded(bytes(7_500)), "format": "wav"}}
    body = {"model": "m", "messages": [{"role": "user", "content": [sound]}], "tools": [{"a": "b"}],
        "web_search_options": {}}  # fmt: skip
    _, call = understood(post(f"{OPENAI}/v1/chat/completions", body))
    assert call.bound["input_tokens@audio"] == 100
    assert call.bound["searches"] == 10
    images = understood(post(f"{OPENAI}/v1/images/generations", {"model": "m", "n": 2}))[1]
    assert images.bound == {"images": 2, "requests": 1}
