"""Tokens of media that lie inside a request: sound and film by length, images by size, pages."""

from __future__ import annotations

import base64
import binascii
import re

from quotakeeper.providers.audio import longest_milliseconds, read_sound
from quotakeeper.providers.formats.text_counts import base64_size
from quotakeeper.providers.gemini.models import MOST_INPUT, MediaRates

_PAGE = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")
_COUNT = re.compile(rb"/Count\s+([0-9]{1,6})")
_MOST_PAGES = 1_000  # that Gemini takes in one document
_LEAST_PAGE_BYTES = 200


def media_tokens(mime: str, text: str, rates: MediaRates) -> dict[str, int]:
    """Quantities of input, at most, for a base64 text of that type."""
    kind = mime.lower().partition(";")[0].strip()
    size = base64_size(text)
    if kind.startswith("image/"):
        return {"input_tokens@image": image_tokens(_decoded(text[: 512 * 1024]), rates)}
    if kind.startswith(("audio/", "video/")):
        data = _decoded(text)
        return sound_tokens(kind, data, size, rates)
    if kind == "application/pdf":
        return {"input_tokens@document": pages(_decoded(text)) * rates.page}
    if kind.startswith("text/") or kind in ("application/json", "application/xml"):
        return {"input_tokens": size}  # no text has more tokens than bytes
    return {"input_tokens@document": min(size, MOST_INPUT)}


def sound_tokens(kind: str, data: bytes, size: int, rates: MediaRates) -> dict[str, int]:
    """Quantities of sound, or of film with its sound."""
    sound = read_sound(data) if data else None
    length = sound.milliseconds if sound else longest_milliseconds(size)
    if kind.startswith(("audio/l16", "audio/pcm")):
        length = size * 1000 // (2 * 16_000) + 1
    seconds = -(-length // 1000)
    most = MOST_INPUT if sound is None else seconds * (rates.audio_second + rates.video_second)
    spoken = min(seconds * rates.audio_second, most)
    if kind.startswith("audio/"):
        return {"input_tokens@audio": spoken}
    return {
        "input_tokens@audio": spoken,
        "input_tokens@video": min(seconds * rates.video_second, most),
    }


def image_tokens(data: bytes, rates: MediaRates) -> int:
    """Tokens of one image: its tiles where a model counts tiles, else one figure for any size."""
    if not rates.tile:
        return rates.image
    size = image_size(data)
    if size is None:
        return rates.image * 16  # 3072 x 3072: what larger images are made smaller to
    width, height = (min(side, 4 * rates.tile) for side in size)
    if max(width, height) <= rates.tile // 2:
        return rates.image
    return rates.image * -(-width // rates.tile) * -(-height // rates.tile)


def image_size(data: bytes) -> tuple[int, int] | None:
    """(width, height) of a PNG, GIF, WebP or JPEG by its header, or None."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 24:
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if data[:4] == b"GIF8" and len(data) >= 10:
        return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP" and len(data) >= 30:
        return _webp_size(data)
    return _jpeg_size(data) if data[:2] == b"\xff\xd8" else None


def _webp_size(data: bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = data[24:27], data[27:30]
        return int.from_bytes(width, "little") + 1, int.from_bytes(height, "little") + 1
    if kind == b"VP8L":
        packed = int.from_bytes(data[21:25], "little")
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = data[26:28], data[28:30]
        return int.from_bytes(width, "little") & 0x3FFF, int.from_bytes(height, "little") & 0x3FFF
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            return None
        mark = data[at + 1]
        if mark == 0xFF:
            at += 1
        elif 0xC0 <= mark <= 0xCF and mark not in (0xC4, 0xC8, 0xCC):
            height, width = data[at + 5 : at + 7], data[at + 7 : at + 9]
            return int.from_bytes(width, "big"), int.from_bytes(height, "big")
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def pages(data: bytes) -> int:
    """Pages of a PDF, at most: those it lists openly, else those its size has room for."""
    listed = len(_PAGE.findall(data))
    counted = max((int(match) for match in _COUNT.findall(data)), default=0)
    found = max(listed, counted)
    room = max(1, len(data) // _LEAST_PAGE_BYTES)
    return min(found or room, _MOST_PAGES)


def _decoded(text: str) -> bytes:
    """A base64 text decoded, or its beginning where only that is whole; b"" when it is none."""
    ready = text.translate({45: 43, 95: 47})  # the alphabet for addresses, too
    try:
        return base64.b64decode(ready[: len(ready) // 4 * 4])
    except (binascii.Error, ValueError):
        return b""
