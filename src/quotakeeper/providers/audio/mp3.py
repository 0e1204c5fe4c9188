"""Reads the length of MPEG audio, layers II and III, from its frames or its Xing or VBRI tag."""

from __future__ import annotations

import re
from functools import lru_cache

from quotakeeper.providers.audio.byte_view import AudioLength, ByteView, micros
from quotakeeper.providers.audio.frames import (
    Frame,
    FrameCodec,
    first_frame,
    frame_at,
    walk_frames,
)
from quotakeeper.providers.audio.tags import after_tags
from quotakeeper.value_classes import dataclass

# kbit/s by (MPEG 1, layer) (ISO/IEC 11172-3, 2.4.2.3, and 13818-3, 2.4.2.3).
_KBITS = {
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_SEARCHED = 64 * 1024
_ENCODERS = (b"LAME", b"Lavf", b"Lavc")
_ENOUGH_FRAMES = 20  # after so many frames of one bit rate, the rest is assumed to have it too
_FORMS = {2: "mp2", 3: "mp3"}


def _parse(head: bytes) -> Frame | None:
    return _parsed(head[0] << 24 | head[1] << 16 | head[2] << 8 | head[3] & 0xC0)


@lru_cache(maxsize=4_096)  # headers repeat within a file
def _parsed(head: int) -> Frame | None:
    version, layer = head >> 19 & 3, 4 - (head >> 17 & 3)
    bits, rates, padding = head >> 12 & 15, head >> 10 & 3, head >> 9 & 1
    if head >> 21 != 0x7FF or version == 1 or layer == 4 or bits in (0, 15) or rates == 3:
        return None
    first = version == 3
    rate, kbits = _RATES[version][rates], _KBITS[first, layer][bits - 1]
    channels = 1 if head >> 6 & 3 == 3 else 2
    kind = version << 4 | layer << 2 | rates
    if layer == 1:
        return Frame((12 * kbits * 1000 // rate + padding) * 4, 384, rate, channels, kind)
    samples = 1152 if first or layer == 2 else 576
    return Frame(samples // 8 * kbits * 1000 // rate + padding, samples, rate, channels, kind)


MPEG = FrameCodec("mp3", 4, 4, re.compile(rb"\xff[\xe2-\xef\xf2-\xff]"), _parse)


@dataclass(frozen=True, slots=True)
class _Tag:
    """The content of a Xing, Info or VBRI tag at the beginning of a file."""

    frames: int
    trimmed: int  # samples that the encoder added
    size: int  # bytes of the file that the tag describes; 0: unknown


def read_mp3(view: ByteView, start: int = 0) -> AudioLength | None:
    """Return the length of MPEG audio from all its frames; None if there are no frames.

    If only the beginning of the file is known, the tag or the bit rate gives the length. The
    samples that the encoder added are subtracted, as players do.
    """
    begin = after_tags(view, start)
    found = first_frame(view, begin, begin + _SEARCHED, MPEG, view.total)
    # Nobody uses layer I, and its short frames occur by chance in pictures.
    if found is None or found[1].kind >> 2 & 3 == 1:
        return None
    at, first = found
    form, tag = _FORMS[first.kind >> 2 & 3], _tag(view, at, first)
    if view.whole:
        count = walk_frames(view, at, MPEG)
        if tag:
            count.less(first.samples, first.rate)
            count.less(tag.trimmed, first.rate)
        return AudioLength(form, count.microseconds, first.channels)
    if tag and _is_about_all(tag, view.total - at):
        samples = tag.frames * first.samples - tag.trimmed
        return AudioLength(form, micros(max(0, samples), first.rate), first.channels)
    return _by_rate(view, at, first, form)


def _is_about_all(tag: _Tag, size: int) -> bool:
    """Return whether the tag describes the whole file, and not only the first of several joined
    files.
    """
    return not tag.size or size <= tag.size + max(_SEARCHED, tag.size // 8)


def _tag(view: ByteView, at: int, first: Frame) -> _Tag | None:
    side = (32 if first.channels == 2 else 17) if first.samples == 1152 else 0
    side = side or (17 if first.channels == 2 else 9)
    tag = at + 4 + side
    if view.has(tag, 12) and view.take(tag, 4) in (b"Xing", b"Info"):
        flags = view.number(tag + 4, 4)
        frames = view.number(tag + 8, 4) if flags & 1 else 0
        size = view.number(tag + 12, 4) if flags & 3 == 3 and view.has(tag + 12, 4) else 0
        encoder = tag + 8 + 4 * (flags & 1) + 2 * (flags & 2) + 25 * (flags & 4) + (flags >> 1 & 4)
        trimmed = 0
        if view.has(encoder, 24) and view.take(encoder, 4) in _ENCODERS:
            packed = view.number(encoder + 21, 3)
            trimmed = (packed >> 12) + (packed & 0xFFF)
        return _Tag(frames, trimmed, size) if frames or view.whole else None
    if view.has(at + 36, 18) and view.take(at + 36, 4) == b"VBRI":
        frames = view.number(at + 50, 4)
        return _Tag(frames, 0, view.number(at + 46, 4)) if frames else None
    return None


def _by_rate(view: ByteView, at: int, first: Frame, form: str) -> AudioLength:
    """Return an upper bound of the length, from the size in bytes and the lowest bit rate."""
    start, sizes, seen = at, [first.size], 0
    frame: Frame | None = first
    while frame is not None:
        sizes.append(frame.size)
        seen += 1
        at += frame.size
        frame = frame_at(view, at, MPEG)
        if frame is not None and frame.kind != first.kind:
            break
    least = min(sizes)
    if max(sizes) - least > 4 or seen < _ENOUGH_FRAMES:
        kbits = _KBITS[first.kind >> 4 == 3, first.kind >> 2 & 3][0]
        least = min(least, first.samples // 8 * kbits * 1000 // first.rate)
    frames = -(-(view.total - start) // max(1, least))
    return AudioLength(form, micros(frames * first.samples, first.rate), first.channels, False)
