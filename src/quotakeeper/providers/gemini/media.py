"""Counts the tokens of media in a request: audio, video, images and PDFs.

Most functions return (upper bound, typical) quantities of input.
"""

from __future__ import annotations

from quotakeeper.providers.audio import longest_milliseconds, raw_sound, read_sound
from quotakeeper.providers.formats.base64_text import base64_size, decoded
from quotakeeper.providers.formats.image_sizes import image_size
from quotakeeper.providers.formats.pdf_pages import most_pages, page_count
from quotakeeper.providers.gemini.models import MOST_INPUT, TILE_PIXELS, MediaRates

Both = tuple[dict[str, int], dict[str, int]]
_HEAD = 512 * 1024  # characters of base64 that hold an image's header
_LARGEST_SIDE = 3_072  # pixels; Google scales larger images down to it
_LEAST_CROP = 256
_MOST_CROPS = 25  # with the largest side: 384 x 3072 has 2 x 12 crops, and one for the whole
_MOST_TILES = 16
_USUAL_TILES = 4
_PAGE_BYTES = 20_000  # the usual size of a document's page
_USUAL_BYTES_PER_SECOND = 16_000
_SLOWEST_FILM = 1  # frames per second, unless a request asks for another rate


def media_tokens(mime: str, text: str, rates: MediaRates, frames: int = _SLOWEST_FILM) -> Both:
    """Return the (upper bound, typical) input of base64 data (`text`) of the media type `mime`.

    `frames` is the number of video frames per second that the request sets. The caller counts text
    files itself.
    """
    kind = mime.lower().partition(";")[0].strip()
    if kind.startswith("image/"):
        most, usual = image_tokens(decoded(text[:_HEAD]), rates)
        return {"input_tokens@image": most}, {"input_tokens@image": usual}
    if kind.startswith("audio/"):
        return sound_tokens(mime, decoded(text), base64_size(text), rates)
    if kind.startswith("video/"):
        return film_tokens(decoded(text), base64_size(text), rates, frames)
    size = base64_size(text)
    if kind == "application/pdf":
        data = decoded(text)
        pages = most_pages(data, size)
        likely = page_count(data) or max(1, size // _PAGE_BYTES)
        return (
            {"input_tokens@document": min(pages * rates.page, MOST_INPUT)},
            {"input_tokens@document": min(likely, pages) * min(rates.page, 560)},
        )
    most = min(size, MOST_INPUT)
    return {"input_tokens@document": most}, {"input_tokens@document": -(-most // 4)}


def sound_tokens(mime: str, data: bytes, size: int, rates: MediaRates) -> Both:
    """Return the (upper bound, typical) input of audio.

    The length is read from the audio's header. Without a header, the rate in the media type or the
    size in bytes gives the length.
    """
    most, usual = _lengths(mime, data, size)
    return (
        {"input_tokens@audio": min(most * rates.audio_second, MOST_INPUT)},
        {"input_tokens@audio": min(usual * rates.audio_second, MOST_INPUT)},
    )


def film_tokens(data: bytes, size: int, rates: MediaRates, frames: int) -> Both:
    """Return the (upper bound, typical) input of a video: its frames and its audio.

    Each of the two is at most MOST_INPUT tokens.
    """
    most, usual = _film_lengths(data, size)
    second = rates.video_second * max(1, frames)

    def of(seconds: int) -> dict[str, int]:
        return {
            "input_tokens@audio": min(seconds * rates.audio_second, MOST_INPUT),
            "input_tokens@video": min(seconds * second, MOST_INPUT),
        }

    return of(most), of(usual)


def _lengths(mime: str, data: bytes, size: int) -> tuple[int, int]:
    """Return (upper bound, typical) length of audio in whole seconds, rounded up."""
    raw = raw_sound(mime)
    if raw is not None and data[:4] != b"RIFF":
        most, usual = raw.longest_milliseconds(size), raw.usual_milliseconds(size)
    else:
        sound = read_sound(data) if data else None
        longest = longest_milliseconds(size)
        most = sound.milliseconds if sound else longest
        likely = size * 1000 // _USUAL_BYTES_PER_SECOND
        usual = sound.billed_milliseconds if sound else min(likely, longest)
    return -(-most // 1000), -(-usual // 1000)


def _film_lengths(data: bytes, size: int) -> tuple[int, int]:
    """Return (upper bound, typical) length of a video in whole seconds, rounded up.

    If the pictures are longer than the audio, the length of the pictures counts.
    """
    sound = read_sound(data) if data else None
    if sound is None or sound.film_microseconds is None:
        longest = longest_milliseconds(size)
        likely = min(size * 1000 // _USUAL_BYTES_PER_SECOND, longest)
        usual = sound.billed_milliseconds if sound else likely
        return -(-longest // 1000), -(-max(usual, 0) // 1000)
    seconds = -(-max(sound.microseconds, sound.film_microseconds) // 1_000_000)
    return seconds, seconds


def image_tokens(data: bytes, rates: MediaRates) -> tuple[int, int]:
    """Return (upper bound, typical) tokens of an image. An unknown size counts as the largest
    image.

    The figures for "crops" equal recorded bills (540 x 360: 1,806; 3008 x 2000: 3,354). For
    "tiles", images of up to 597 x 566 were billed 258 tokens. If there are several tiles, the upper
    bound includes one more tile, for the whole image.
    """
    if rates.images == "fixed":
        return rates.image, min(rates.image, 1_120)
    size = image_size(data)
    if size is None or min(size) < 1:
        unknown = _MOST_CROPS if rates.images == "crops" else _MOST_TILES + 1
        most = max(rates.image * unknown, rates.least_image)
        return most, rates.image * _USUAL_TILES
    if rates.images == "crops":
        billed = min(rates.image * (crops(*size) + 1), MOST_INPUT)
        return max(billed, rates.least_image), billed
    width, height = (min(side, _LARGEST_SIDE) for side in size)
    tiles = -(-width // TILE_PIXELS) * -(-height // TILE_PIXELS)
    return rates.image * (tiles + (tiles > 1)), rates.image * tiles


def crops(width: int, height: int) -> int:
    """Return the number of tiles into which a 1.5 or 2.0 model cuts an image of this size."""
    side = min(max(min(width, height) * 2 // 3, _LEAST_CROP), TILE_PIXELS)
    return -(-width // side) * -(-height // side)
