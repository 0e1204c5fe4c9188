"""Reads the length of AAC in ADTS frames, and the AAC settings inside MP4, FLV and Matroska."""

from __future__ import annotations

import re

from quotakeeper.providers.audio.byte_view import AudioLength, ByteView, micros
from quotakeeper.providers.audio.frames import Frame, FrameCodec, first_frame, walk_frames
from quotakeeper.providers.audio.tags import after_tags
from quotakeeper.value_classes import dataclass

RATES = (
    96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
)  # fmt: skip
_CHANNELS = (0, 1, 2, 3, 4, 5, 6, 8)  # by channelConfiguration (ISO/IEC 14496-3, table 1.19)
_SEARCHED = 64 * 1024
_HEADER = 7
_SBR, _PS, _LEAST_OBJECT = 5, 29, 31


@dataclass(frozen=True, slots=True)
class AacConfig:
    """The content of an AudioSpecificConfig. `frame` is the number of samples per frame, at the
    sample rate `rate`.
    """

    rate: int
    channels: int
    frame: int = 1024


class _Bits:
    """Reads bits, the highest first; after the end of the data it returns zeros."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self.left = 8 * len(data)

    def take(self, bits: int) -> int:
        self.left -= bits
        if self.left < 0:
            return 0
        return self._value >> self.left & ((1 << bits) - 1)


def aac_config(data: bytes) -> AacConfig | None:
    """Read an AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1); None if the bytes are not one."""
    bits = _Bits(data[:64])
    kind, rate = _object(bits), _rate(bits)
    channels = bits.take(4)
    told = _CHANNELS[channels] if channels < len(_CHANNELS) else 0
    told = 7 if channels == 11 else 8 if channels in (12, 14) else told
    parametric = kind == _PS
    if kind in (_SBR, _PS):
        _rate(bits)
        kind = _object(bits)
    short = bits.take(1)
    if bits.take(1):
        bits.take(14)
    bits.take(1)
    if not channels and kind in (1, 2, 3, 4, 6, 7):
        told = _program_channels(bits)
    elif bits.left >= 16 and not parametric:
        parametric = _says_parametric(bits)
    if bits.left < -8 or not rate:
        return None
    if parametric and told == 1:
        told = 2
    return AacConfig(rate, told, 960 if short and kind in (1, 2, 3, 4) else 1024)


def _object(bits: _Bits) -> int:
    kind = bits.take(5)
    return 32 + bits.take(6) if kind == _LEAST_OBJECT else kind


def _rate(bits: _Bits) -> int:
    index = bits.take(4)
    return bits.take(24) if index == 15 else RATES[index] if index < len(RATES) else 0


def _says_parametric(bits: _Bits) -> bool:
    """Return whether an extension after the plain configuration announces SBR and parametric
    stereo.
    """
    if bits.take(11) != 0x2B7 or _object(bits) != _SBR or not bits.take(1):
        return False
    _rate(bits)
    return bits.left >= 12 and bits.take(11) == 0x548 and bits.take(1) == 1


def _program_channels(bits: _Bits) -> int:
    """Return the channels of a program_config_element (ISO/IEC 14496-3, table 4.2)."""
    bits.take(4 + 2 + 4)
    front, side, back, effects = bits.take(4), bits.take(4), bits.take(4), bits.take(2)
    bits.take(3 + 4)
    for width in (4, 4, 3):
        if bits.take(1):
            bits.take(width)
    pairs = 0
    for _ in range(front + side + back):
        pairs += bits.take(1)
        bits.take(4)
    return front + side + back + pairs + effects


def _parse(head: bytes) -> Frame | None:
    """Read an ADTS header (ISO/IEC 14496-3, 1.A.2.2); None if the bytes are not one."""
    number = int.from_bytes(head[:_HEADER], "big")
    index, size = number >> 34 & 0b1111, number >> 13 & 0x1FFF
    if number >> 44 != 0xFFF or number >> 41 & 0b11 or index >= len(RATES) or size < _HEADER:
        return None
    samples, channels = 1024 * ((number & 3) + 1), _CHANNELS[number >> 30 & 7]
    if not channels:
        channels = _told_inside(head, protected=not number >> 40 & 1)
    return Frame(size, samples, RATES[index], channels, number >> 34)


def _told_inside(head: bytes, *, protected: bool) -> int:
    bits = _Bits(head[_HEADER + 2 * protected :])
    return _program_channels(bits) if bits.take(3) == 5 and not bits.take(4) else 0


ADTS = FrameCodec("aac", _HEADER, 40, re.compile(rb"\xff[\xf0\xf1\xf8\xf9]"), _parse)


def read_adts(view: ByteView, start: int = 0) -> AudioLength | None:
    """Return the length of AAC in ADTS frames; None if there are no such frames.

    If only the beginning of the file is known, the length is an estimated upper bound.
    """
    begin = after_tags(view, start)
    found = first_frame(view, begin, begin + _SEARCHED, ADTS, view.total)
    if found is None:
        return None
    at, first = found
    count = walk_frames(view, at, ADTS)
    if view.whole:
        return AudioLength("aac", count.microseconds, count.channels)
    if count.frames < 3:
        return None
    # Frames of AAC differ in size: twice the estimate from the beginning is a safe upper bound.
    seen = len(view.head) - at
    most = 2 * count.microseconds * (view.total - at) // max(1, seen)
    return AudioLength("aac", max(most, micros(first.samples, first.rate)), count.channels, False)
