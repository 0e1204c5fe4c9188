"""The length of WAV, RF64 and BW64."""

from __future__ import annotations

from quotakeeper.providers.audio.byte_view import AudioLength, ByteView, micros

_UNKNOWN = (0, 0xFFFFFFFF)
_BY_BLOCKS = (1, 3, 6, 7, 0xFFFE)  # PCM, float, A-law, mu-law, extensible: a block is a sample


def read_wav(view: ByteView) -> AudioLength | None:
    """WAV, RF64 and BW64; a stream's header without a length, and a cut file, by the bytes."""
    at = 12
    kind = channels = rate = block = per_second = 0
    samples = wide = 0
    while view.has(at, 8):
        name, size = view.take(at, 4), view.number(at + 4, 4, little=True)
        if name == b"fmt ":
            kind, channels, rate, per_second, block = _wav_format(view, at + 8)
        elif name == b"ds64":
            wide = view.number(at + 16, 8, little=True)
        elif name == b"fact":
            samples = view.number(at + 8, 4, little=True)
        elif name == b"data":
            there = max(0, view.total - at - 8)
            size = wide if wide and size == 0xFFFFFFFF else size
            size = there if size in _UNKNOWN else min(size, there)
            if kind in _BY_BLOCKS and block:
                return AudioLength("wav", micros(size // block, rate), channels)
            if samples and samples != 0xFFFFFFFF:
                return AudioLength("wav", micros(samples, rate), channels)
            return AudioLength("wav", micros(size, per_second), channels, exact=False)
        at += 8 + size + (size & 1)
    return None


def _wav_format(view: ByteView, at: int) -> tuple[int, int, int, int, int]:
    sizes = ((0, 2), (2, 2), (4, 4), (8, 4), (12, 2))
    kind, channels, rate, per_second, block = (
        view.number(at + offset, size, little=True) for offset, size in sizes
    )
    return kind, channels, rate, per_second, block
