"""Reads the length of FLAC from its header; if the header has none, from the last frame."""

from __future__ import annotations

import re
from collections.abc import Iterator

from quotakeeper.providers.audio.byte_view import AudioLength, ByteView, micros
from quotakeeper.providers.audio.tags import after_id3

_MARK, _DESCRIBED = b"fLaC", (b"\x00\x00\x00\x22", b"\x80\x00\x00\x22")  # STREAMINFO's head
_LEAST_HEADER = 42
_SYNC = re.compile(rb"\xff[\xf8\xf9]")
# Bytes; a frame in use is smaller (only 65,535 samples of 8 channels would be larger).
_SEARCHED = 1 << 20
_SIZES = {1: 192, 2: 576, 3: 1152, 4: 2304, 5: 4608}
_FRAME_HEADER = 16


def read_flac(view: ByteView, start: int = 0) -> AudioLength | None:
    """Return the length of FLAC; None if it cannot be read.

    An ID3 tag may precede the audio. If several FLAC files were joined, their lengths are added.
    """
    at = after_id3(view, start)
    if not view.has(at, 26) or view.take(at, 4) != b"fLaC":
        return None
    streams = [at]
    if view.whole:
        streams += [
            place
            for place in view.each(_MARK, at + _LEAST_HEADER)
            if view.has(place, _LEAST_HEADER) and view.take(place + 4, 4) in _DESCRIBED
        ]
    length, channels, exact = 0, 0, True
    for number, place in enumerate(streams):
        packed = view.number(place + 18, 8)
        rate, told = packed >> 44, (packed >> 41 & 7) + 1
        samples = packed & ((1 << 36) - 1)
        channels = channels or told
        if not samples:
            end = streams[number + 1] if number + 1 < len(streams) else view.total
            if not view.whole:
                return None
            samples, certain = _counted(view, place, end)
            exact = exact and certain
        if number and not rate:
            continue
        length += micros(samples, rate)
    return AudioLength("flac", length, channels, exact) if length else None


def _counted(view: ByteView, start: int, end: int) -> tuple[int, bool]:
    """Return (the number of samples up to the end of the last frame, whether the checksum is
    right).
    """
    most = view.number(start + 10, 2)
    least = view.number(start + 8, 2)
    from_here = max(start + _LEAST_HEADER, end - _SEARCHED)
    data = view.take(from_here, end - from_here)
    last = 0
    for at in _backwards(view, data):
        samples = _ends_at(data[at : at + _FRAME_HEADER], most, fixed=least == most)
        if samples is None:
            continue
        if _crc16(data[at:-2]) == int.from_bytes(data[-2:], "big"):
            return samples, True
        if len(data) - at > 1 << 18:
            break
        last = max(last, samples)
    return last, False


def _backwards(view: ByteView, data: bytes) -> Iterator[int]:
    places = [match.start() for match in _SYNC.finditer(data)]
    view.step(len(places))
    # The checksum of a whole frame is slow, so the likely last frames are tried first.
    return iter(places[:-65:-1])


def _ends_at(head: bytes, most: int, *, fixed: bool) -> int | None:
    """Return the end of a frame, in samples from the start of the stream.

    Returns None if `head` is not a frame header.
    """
    if len(head) < 6 or head[2] >> 4 == 0 or head[2] & 15 == 15 or head[3] & 1:
        return None
    at, number = _coded(head, 4)
    if number is None:
        return None
    code = head[2] >> 4
    if code in (6, 7):
        width = code - 5
        size = int.from_bytes(head[at : at + width], "big") + 1
        at += width
    else:
        size = _SIZES.get(code) or 256 << (code - 8)
    at += {12: 1, 13: 2, 14: 2}.get(head[2] & 15, 0)
    if at >= len(head) or _crc8(head[:at]) != head[at] or size > most:
        return None
    by_frames = fixed and not head[1] & 1
    return number * most + size if by_frames else number + size


def _coded(head: bytes, at: int) -> tuple[int, int | None]:
    """Return (the position after a coded number, the number); the number is None if damaged.

    The number is coded like a character in UTF-8, with up to seven bytes.
    """
    first = head[at]
    if first < 0x80:
        return at + 1, first
    more = 8 - (first ^ 0xFF).bit_length() - 1
    if not 1 <= more <= 6 or at + 1 + more > len(head):
        return at, None
    value = first & ((1 << (6 - more)) - 1) if more < 6 else 0
    for byte in head[at + 1 : at + 1 + more]:
        if byte >> 6 != 2:
            return at, None
        value = value << 6 | byte & 0x3F
    return at + 1 + more, value


def _crc8(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ (0x07 if crc & 0x80 else 0)) & 0xFF
    return crc


def _table() -> tuple[int, ...]:
    rows = []
    for byte in range(256):
        crc = byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ (0x8005 if crc & 0x8000 else 0)) & 0xFFFF
        rows.append(crc)
    return tuple(rows)


_CRC16 = _table()


def _crc16(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc = (crc << 8 ^ _CRC16[crc >> 8 ^ byte]) & 0xFFFF
    return crc
