"""The length of AAC in ADTS frames."""

from __future__ import annotations

from quotakeeper.providers.audio.byte_view import AudioLength, ByteView, micros
from quotakeeper.providers.audio.id3 import after_id3

_RATES = (
    96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
)  # fmt: skip


def read_adts(view: ByteView) -> AudioLength | None:
    """AAC in ADTS frames, walked over; of a beginning only, by the frames seen so far."""
    start = at = after_id3(view)
    rate = channels = samples = 0
    while view.has(at, 7):
        head = view.number(at, 7)
        index = head >> 34 & 0b1111
        size = head >> 13 & 0x1FFF
        if head >> 44 != 0xFFF or head >> 41 & 0b11 or index >= len(_RATES) or size < 7:
            break
        rate, channels = _RATES[index], head >> 30 & 7
        samples += 1024 * ((head & 3) + 1)
        at += size
    if not rate or (samples < 3 * 1024 and at < view.total):
        return None
    if view.whole or at >= view.total:
        return AudioLength("aac", micros(samples, rate), channels)
    # Frames of AAC differ in size: twice what the beginning suggests is a safe most.
    return AudioLength(
        "aac", 2 * micros(samples, rate) * (view.total - start) // (at - start), channels,
        exact=False,
    )  # fmt: skip
