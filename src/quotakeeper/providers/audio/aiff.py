"""Reads the length of AIFF, AIFF-C, AU and CAF."""

from __future__ import annotations

import struct

from quotakeeper.providers.audio.byte_view import AudioLength, ByteView, MissingBytes, micros

_IMA_SAMPLES = 64  # per packet of Apple's IMA ADPCM
_UNKNOWN = 0xFFFFFFFF
# Bits per sample by AU's code; includes ADPCM G.721 and G.723.
_AU_BITS = {
    1: 8, 2: 8, 3: 16, 4: 24, 5: 32, 6: 32, 7: 64, 23: 4, 24: 4, 25: 3, 26: 5, 27: 8,
}  # fmt: skip
_CAF_LEAST_HEADER = 12


def read_aiff(view: ByteView, start: int = 0) -> AudioLength | None:
    """Return the length of AIFF or AIFF-C from the frame count in its header (COMM).

    If the audio data has fewer samples than the header says, the size in bytes gives the length.
    """
    at, channels, frames, bits, rate, packed = start + 12, 0, 0, 0, 0, 1
    kind = b"NONE"
    common = compressed = False
    while view.has(at, 8):
        view.step()
        name, size = view.take(at, 4), view.number(at + 4, 4)
        if name == b"COMM":
            common, compressed = True, view.take(start + 8, 4) == b"AIFC" and size >= 22
            channels, frames = view.number(at + 8, 2), view.number(at + 10, 4)
            bits, rate = view.number(at + 14, 2), _extended(view.take(at + 16, 10))
            kind = view.take(at + 26, 4) if compressed else kind
            packed = _IMA_SAMPLES if kind == b"ima4" else 1
        elif name == b"SSND" and common:
            there = max(0, min(size if size > 8 else _UNKNOWN, view.total - at - 8) - 8)
            held = _aiff_samples(kind, there, bits, channels)
            if held is not None and (not frames or held < frames * packed):
                return AudioLength("aiff", micros(held, rate), channels)
            return AudioLength("aiff", micros(frames * packed, rate), channels)
        at += 8 + size + (size & 1)
    # COMM may come after the audio.
    return AudioLength("aiff", micros(frames * packed, rate), channels) if common else None


def _aiff_samples(kind: bytes, size: int, bits: int, channels: int) -> int | None:
    """Return the samples in `size` bytes; None if the compression has no fixed size per sample."""
    if kind == b"ima4":
        return size // (34 * max(1, channels)) * _IMA_SAMPLES
    width = {b"ulaw": 8, b"ULAW": 8, b"alaw": 8, b"ALAW": 8, b"fl32": 32, b"FL32": 32,
             b"fl64": 64, b"FL64": 64}.get(kind, 0)  # fmt: skip
    if not width and kind in (b"NONE", b"sowt", b"twos", b"in24", b"in32"):
        width = -(-bits // 8) * 8
    return size * 8 // (width * channels) if width and channels else None


def _extended(data: bytes) -> int:
    """Return a sample rate that is stored as an 80-bit float, rounded to whole hertz."""
    exponent, mantissa = int.from_bytes(data[:2], "big") & 0x7FFF, int.from_bytes(data[2:], "big")
    shift = 16383 + 63 - exponent
    if not 0 <= shift < 80:
        raise MissingBytes
    return (mantissa + (1 << shift >> 1)) >> shift


def read_au(view: ByteView, start: int = 0) -> AudioLength | None:
    """Return the length of Sun's AU from its size in bytes.

    If the header does not state the size, the audio ends at the end of the file.
    """
    offset, size, code, rate, channels = (view.number(start + 4 * n, 4) for n in range(1, 6))
    there = max(0, view.total - start - offset)
    size = there if size == _UNKNOWN else min(size, there)
    bits = _AU_BITS.get(code, 0)
    if not bits or not channels:
        return None
    return AudioLength("au", micros(size * 8 // (bits * channels), rate), channels)


def read_caf(view: ByteView, start: int = 0) -> AudioLength | None:
    """Return the length of Apple's CAF from its size in bytes, or from its packet table (`pakt`)."""
    at, size, rate = start + 8, 0, 0
    packet = frames = channels = packets = sound = 0
    while view.has(at, _CAF_LEAST_HEADER):
        view.step()
        name, long = view.take(at, 4), view.number(at + 4, 8)
        there = max(0, view.total - at - _CAF_LEAST_HEADER)
        if name == b"desc":
            hertz = struct.unpack(">d", view.take(at + 12, 8))[0]
            rate = int(hertz + 0.5) if 0 < hertz < 1e7 else 0
            packet, frames, channels = (view.number(at + 28 + 4 * n, 4) for n in range(3))
        elif name == b"pakt":
            packets, told = view.number(at + 12, 8), view.number(at + 20, 8)
            spared = view.number(at + 28, 4) + view.number(at + 32, 4)
            sound = packets * frames if frames else told + spared
        elif name == b"data":
            size = max(0, (there if long >> 63 else min(long, there)) - 4)
            if long >> 63 or (packet and frames):
                break
        at += _CAF_LEAST_HEADER + long
    if packet and frames:
        return AudioLength("caf", micros(size // packet * frames, rate), channels)
    return AudioLength("caf", micros(sound, rate), channels) if sound else None
