"""Counts media in a request in OpenAI's form, by rules that differ between providers."""

from __future__ import annotations

from typing import Protocol

from quotakeeper.providers.audio import RawSound, longest_milliseconds, read_sound
from quotakeeper.providers.formats.base64_text import base64_size, decoded
from quotakeeper.providers.formats.image_sizes import image_size
from quotakeeper.providers.formats.pdf_pages import most_pages
from quotakeeper.providers.reading.token_split import added

Both = tuple[dict[str, int], dict[str, int]]
AUDIO_TOKENS_PER_SECOND = 10
HEAD = 512 * 1024  # characters of base64 that hold an image's header
_RAW = {
    "pcm16": RawSound(24_000), "pcm": RawSound(24_000),
    "g711_ulaw": RawSound(8_000, 1), "g711_alaw": RawSound(8_000, 1),
}  # fmt: skip
_USUAL_BYTES_PER_SECOND = 16_000
# (prefix of a model's name, tokens of an image, tokens of each tile), from OpenAI's guide to
# vision.
_TILED = (
    ("gpt-4o-mini", 2_833, 5_667),
    ("gpt-4.1-mini", 0, 0),
    ("gpt-4.1-nano", 0, 0),
    ("gpt-5-mini", 0, 0),
    ("gpt-5-nano", 0, 0),
    ("gpt-5.", 0, 0),
    ("o1-mini", 0, 0),
    ("o3-mini", 0, 0),
    ("gpt-4", 85, 170),
    ("chatgpt-4o", 85, 170),
    ("gpt-5", 85, 170),
    ("o1", 85, 170),
    ("o3", 85, 170),
    ("computer-use", 85, 170),
)
_MOST_TILES = 8  # 768 x 2048 in squares of 512
# Other models count patches of 32 pixels: at most 1,536, or 10,000 in "original" detail. A patch is
# billed as up to 2.46 tokens.
_MOST_PATCHES, _MOST_ORIGINAL = 1_536, 10_000
_PATCH_HUNDREDTHS = 246
_PAGE_TEXT = 4_000  # tokens of a dense page; a page may have more, so the bound is assumed
_USUAL_PAGE = 1_500


class MediaRules(Protocol):
    """A provider's rules for media. Each method returns (upper bound, typical) input quantities."""

    def image(self, data: bytes, detail: str) -> Both:
        """Count an image from the first bytes of its data; b"" if the request has only its URL."""

    def sound(self, form: str, encoded: str) -> Both:
        """Count base64 audio. `form` is the format that the request names ("wav", "pcm16")."""

    def document(self, encoded: str) -> Both:
        """Count a PDF in base64."""


class OpenAIMedia:
    """OpenAI's own rules: tiles or patches for images, ten tokens per second of audio."""

    def __init__(self, model: str) -> None:
        found = (row for row in _TILED if model.lower().startswith(row[0]))
        _, self._base, self._tile = next(found, ("", 0, 0))

    def image(self, data: bytes, detail: str) -> Both:
        """Count an image by tiles of 512 pixels, or by patches of 32 pixels, as the model does."""
        size = image_size(data)
        if self._tile:
            tiles = 0 if detail == "low" else _tiles(size)
            most = usual = self._base + self._tile * tiles
        else:
            most = _patches(size, _MOST_ORIGINAL if detail == "original" else _MOST_PATCHES)
            usual = min(most, 1_500)
        return {"input_tokens@image": most}, {"input_tokens@image": usual}

    def sound(self, form: str, encoded: str) -> Both:
        """Count audio by its length, which follows from its header, its format or its size in
        bytes.
        """
        most, usual = sound_seconds(form, encoded)
        return (
            {"input_tokens@audio": most * AUDIO_TOKENS_PER_SECOND},
            {"input_tokens@audio": usual * AUDIO_TOKENS_PER_SECOND},
        )

    def document(self, encoded: str) -> Both:
        """Count a PDF: each page is billed as text and as an image."""
        data = decoded(encoded)
        pages = most_pages(data, len(data))
        most, _ = self.image(b"", "high")
        return (
            added({"input_tokens": pages * _PAGE_TEXT},
                {key: pages * amount for key, amount in most.items()}),
            {"input_tokens": pages * _USUAL_PAGE},
        )  # fmt: skip


def sound_seconds(form: str, encoded: str) -> tuple[int, int]:
    """Return (upper bound, typical) length of base64 audio in whole seconds, rounded up."""
    size = base64_size(encoded)
    raw = _RAW.get(form.lower())
    if raw is not None:
        seconds = -(-raw.longest_milliseconds(size) // 1000)
        return seconds, seconds
    sound = read_sound(decoded(encoded))
    if sound is not None:
        return -(-sound.milliseconds // 1000), -(-sound.billed_milliseconds // 1000)
    longest = -(-longest_milliseconds(size) // 1000)
    return longest, min(longest, -(-size // _USUAL_BYTES_PER_SECOND))


def _tiles(size: tuple[int, int] | None) -> int:
    """Return how many tiles of 512 pixels an image has, after OpenAI scales it down to 2048 x 768.

    If the size is unknown, the result is the largest possible number.
    """
    if size is None or min(size) < 1:
        return _MOST_TILES
    long, short = max(size), min(size)
    if long > 2_048:
        long, short = 2_048, -(-short * 2_048 // long)
    if short > 768:
        long, short = -(-long * 768 // short), 768
    return min(_MOST_TILES, -(-long // 512) * -(-short // 512))


def _patches(size: tuple[int, int] | None, most: int) -> int:
    """Return the tokens of an image that is counted by patches. An image has at most `most`
    patches.
    """
    patches = most
    if size is not None and min(size) >= 1:
        patches = min(most, -(-size[0] // 32) * -(-size[1] // 32))
    return -(-patches * _PATCH_HUNDREDTHS // 100)
