"""Reads the length of AC-3 and E-AC-3 frames, and their description in MP4 (ETSI TS 102 366)."""

from __future__ import annotations

import re

from quotakeeper.providers.audio.byte_view import AudioLength, ByteView
from quotakeeper.providers.audio.frames import Frame, FrameCodec, first_frame, walk_frames
from quotakeeper.providers.audio.tags import after_tags

_RATES = (48_000, 44_100, 32_000)
_KBITS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
_CHANNELS = (2, 1, 2, 3, 3, 4, 4, 5)  # by acmod
_BLOCKS = (1, 2, 3, 6)
_SEARCHED = 64 * 1024
_ENHANCED = 10  # a larger bsid is E-AC-3


def ac3_channels(mode: int, effects: int) -> int:
    """Return the number of channels for the header fields `acmod` and `lfeon`."""
    return _CHANNELS[mode & 7] + (effects & 1)


def _parse(head: bytes) -> Frame | None:
    if head[:2] != b"\x0b\x77":
        return None
    kind = head[5] >> 3
    if kind > 16:
        return None
    return _enhanced(head) if kind > _ENHANCED else _plain(head)


def _plain(head: bytes) -> Frame | None:
    rate, code, slower = head[4] >> 6, head[4] & 63, max(0, (head[5] >> 3) - 8)
    if rate == 3 or code >> 1 >= len(_KBITS):
        return None
    kbits, mode = _KBITS[code >> 1], head[6] >> 5
    words = kbits * 96_000 // _RATES[rate] + (code & 1 if rate == 1 else 0)
    at = 3 + (2 if mode & 1 and mode != 1 else 0) + (2 if mode & 4 else 0) + (2 if mode == 2 else 0)
    effects = int.from_bytes(head[6:8], "big") >> (15 - at) & 1
    return Frame(2 * words, 1536, _RATES[rate] >> slower, ac3_channels(mode, effects), rate)


def _enhanced(head: bytes) -> Frame | None:
    stream, substream = head[2] >> 6, head[2] >> 3 & 7
    size = 2 * (int.from_bytes(head[2:4], "big") & 0x7FF) + 2
    rate, blocks = head[4] >> 6, _BLOCKS[head[4] >> 4 & 3]
    if stream == 3 or size < 8:
        return None
    if rate == 3:
        if head[4] >> 4 & 3 == 3:
            return None
        hertz, blocks = _RATES[head[4] >> 4 & 3] // 2, 6
    else:
        hertz = _RATES[rate]
    # A frame of a dependent stream plays together with the frame before it.
    samples = 0 if stream == 1 or substream else 256 * blocks
    channels = ac3_channels(head[4] >> 1, head[4])
    return Frame(size, samples, hertz, channels, 0x100 | hertz)


AC3 = FrameCodec("ac3", 8, 8, re.compile(rb"\x0b\x77"), _parse)


def read_ac3(view: ByteView, start: int = 0) -> AudioLength | None:
    """Return the length of AC-3 and E-AC-3 frames.

    Returns None if only a part of the file is known, because frames may differ in size.
    """
    begin = after_tags(view, start)
    found = first_frame(view, begin, begin + _SEARCHED, AC3, view.total)
    if found is None or not view.whole:
        return None
    count = walk_frames(view, found[0], AC3)
    form = "eac3" if found[1].kind & 0x100 else "ac3"
    return AudioLength(form, count.microseconds, count.channels)
