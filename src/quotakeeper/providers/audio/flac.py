"""The length of FLAC."""

from __future__ import annotations

from quotakeeper.providers.audio.byte_view import AudioLength, ByteView, micros
from quotakeeper.providers.audio.id3 import after_id3


def read_flac(view: ByteView) -> AudioLength | None:
    """FLAC by its STREAMINFO, also behind an ID3 tag; a stream that says no length is not read."""
    at = after_id3(view)
    if not view.has(at, 26) or view.take(at, 4) != b"fLaC":
        return None
    packed = view.number(at + 18, 8)
    rate, channels, samples = packed >> 44, (packed >> 41 & 7) + 1, packed & ((1 << 36) - 1)
    return AudioLength("flac", micros(samples, rate), channels) if samples else None
