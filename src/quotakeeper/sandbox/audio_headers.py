"""How long an audio file is, read from its own header: WAV, FLAC, MP3, MP4/M4A, Ogg. Pure.

A provider bills speech by its length, so the length must be known before the file is sent. What
cannot be read from a header has an upper bound from its size (`longest_milliseconds`).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from mmap import mmap

from quotakeeper.domain.money import divide_half_even

Buffer = bytes | mmap

# Speech is hardly ever coded below 8 kbit/s, so a byte is at most one millisecond.
LEAST_BYTES_PER_SECOND = 1_000
_MP3_KBITS = {
    3: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MP3_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


@dataclass(frozen=True, slots=True)
class AudioHeader:
    """Length and channels of a file; `form` is its container. `channels` 0 means not known."""

    form: str
    microseconds: int
    channels: int = 0

    @property
    def milliseconds(self) -> int:
        """Whole milliseconds, rounded up: never less than the true length."""
        return -(-self.microseconds // 1000)

    @property
    def billed_milliseconds(self) -> int:
        """Whole milliseconds, to the nearest: what a ledger books for the length."""
        return divide_half_even(self.microseconds, 1000)

    @property
    def seconds(self) -> float:
        """Seconds to six decimals, as providers report them."""
        return round(self.microseconds / 1_000_000, 6)


def longest_milliseconds(size_bytes: int) -> int:
    """The longest that a file of this size can plausibly be, when its header cannot be read."""
    return -(-size_bytes * 1000 // LEAST_BYTES_PER_SECOND)


def read_audio_header(data: Buffer) -> AudioHeader | None:
    """Read the length of a sound or film file, or None when its header is not one we know."""
    try:
        if data[:4] in (b"RIFF", b"RF64") and data[8:12] == b"WAVE":
            return _wav(data)
        if data[:4] == b"fLaC":
            return _flac(data)
        if data[:4] == b"OggS":
            return _ogg(data)
        if data[4:8] == b"ftyp":
            return _mp4(data)
        return _mp3(data)
    except (struct.error, IndexError, ZeroDivisionError):
        return None


def _length(samples: int, rate: int) -> int:
    return (samples * 1_000_000 + rate // 2) // rate


def _wav(data: Buffer) -> AudioHeader | None:
    at, rate, block, channels = 12, 0, 0, 0
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack("<I", data[at + 4 : at + 8])[0]
        if name == b"fmt ":
            channels, rate, _bytes, block = struct.unpack("<HIIH", data[at + 10 : at + 22])
        elif name == b"data":
            # A stream of unknown length says 0 or 0xFFFFFFFF; a cut file says more than it has.
            there = len(data) - at - 8
            size = there if size in (0, 0xFFFFFFFF) else min(size, there)
            return AudioHeader("wav", _length(size // block, rate), channels)
        at += 8 + size + (size & 1)
    return None


def _flac(data: Buffer) -> AudioHeader | None:
    packed = int.from_bytes(data[18:26], "big")
    rate, channels, samples = packed >> 44, (packed >> 41 & 7) + 1, packed & (1 << 36) - 1
    return AudioHeader("flac", _length(samples, rate), channels) if samples else None


def _ogg(data: Buffer) -> AudioHeader | None:
    opus, vorbis = data[:512].find(b"OpusHead"), data[:512].find(b"\x01vorbis")
    last = data.rfind(b"OggS")
    samples = struct.unpack("<q", data[last + 6 : last + 14])[0]
    if opus >= 0:
        skipped = struct.unpack("<H", data[opus + 10 : opus + 12])[0]
        return AudioHeader("ogg", _length(max(0, samples - skipped), 48_000), data[opus + 9])
    if vorbis >= 0:
        channels, rate = struct.unpack("<BI", data[vorbis + 11 : vorbis + 16])
        return AudioHeader("ogg", _length(samples, rate), channels)
    return None


def _mp4(data: Buffer) -> AudioHeader | None:
    at, end = 0, len(data)
    while at + 16 <= end:
        size, name = struct.unpack(">I4s", data[at : at + 8])
        header = 8
        if size == 1:
            size, header = struct.unpack(">Q", data[at + 8 : at + 16])[0], 16
        if name == b"moov":
            at += header
            continue
        if name == b"mvhd":
            wide = data[at + header] == 1
            form, first = (">IQ", at + header + 20) if wide else (">II", at + header + 12)
            scale, length = struct.unpack(form, data[first : first + struct.calcsize(form)])
            # A film in fragments says 0 here: how long it is stands elsewhere.
            return AudioHeader("mp4", _length(length, scale)) if length else None
        if size < header:
            return None
        at += size
    return None


@dataclass(frozen=True, slots=True)
class _Frame:
    """One MPEG layer III frame header."""

    size: int
    samples: int
    rate: int
    channels: int
    tag_at: int


def _frame(data: Buffer, at: int) -> _Frame | None:
    if at + 4 > len(data):
        return None
    head = struct.unpack(">I", data[at : at + 4])[0]
    version, layer = head >> 19 & 3, head >> 17 & 3
    bits, rates = head >> 12 & 15, head >> 10 & 3
    if head >> 21 != 0x7FF or version == 1 or layer != 1 or bits in (0, 15) or rates == 3:
        return None
    rate = _MP3_RATES[version][rates]
    kbits = _MP3_KBITS[3 if version == 3 else 2][bits - 1]
    samples = 1152 if version == 3 else 576
    channels = 1 if head >> 6 & 3 == 3 else 2
    size = samples // 8 * kbits * 1000 // rate + (head >> 9 & 1)
    side = (32 if channels == 2 else 17) if version == 3 else (17 if channels == 2 else 9)
    return _Frame(size, samples, rate, channels, at + 4 + side)


def _mp3(data: Buffer) -> AudioHeader | None:
    start = 0
    if data[:3] == b"ID3":
        size = data[6:10]
        start = 10 + (size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3])
    found = _first_frame(data, start)
    if found is None:
        return None
    at, first = found
    samples = _tagged_samples(data, first, at)
    if samples is None:
        samples = 0
        frame: _Frame | None = first
        while frame:
            samples += frame.samples
            at += frame.size
            frame = _frame(data, at)
    return AudioHeader("mp3", _length(samples, first.rate), first.channels)


def _first_frame(data: Buffer, start: int) -> tuple[int, _Frame] | None:
    """The first frame that is followed by another one, or by the end of the file."""
    for at in range(start, min(start + 65_536, len(data))):
        frame = _frame(data, at)
        if frame and (at + frame.size == len(data) or _frame(data, at + frame.size)):
            return at, frame
    return None


def _tagged_samples(data: Buffer, first: _Frame, at: int) -> int | None:
    """Samples by the Xing/Info tag (less the encoder's padding) or the VBRI tag, if there is one."""
    tag = first.tag_at
    if data[tag : tag + 4] in (b"Xing", b"Info"):
        flags = struct.unpack(">I", data[tag + 4 : tag + 8])[0]
        if not flags & 1:
            return None
        samples = int(struct.unpack(">I", data[tag + 8 : tag + 12])[0]) * first.samples
        encoder = tag + 8 + 4 * (flags & 1) + 2 * (flags & 2) + 25 * (flags & 4) + (flags >> 1 & 4)
        if data[encoder : encoder + 4] in (b"LAME", b"Lavf", b"Lavc"):
            packed = int.from_bytes(data[encoder + 21 : encoder + 24], "big")
            samples -= (packed >> 12) + (packed & 0xFFF)
        return max(0, samples)
    if data[at + 36 : at + 40] == b"VBRI":
        return int(struct.unpack(">I", data[at + 50 : at + 54])[0]) * first.samples
    return None
