"""Reads the length of audio without a header, from the rate and the channels in its media type.

`audio/L16;rate=8000;channels=2` is RFC 2586's form; `audio/pcm;rate=24000` is the form that Gemini
uses. `audio/basic`, `PCMU` and `PCMA` are 8 kHz (RFC 2046 and RFC 3551).
"""

from __future__ import annotations

import re

from quotakeeper.value_classes import dataclass

_PARAMETER = re.compile(r";\s*(rate|channels|bits)\s*=\s*\"?([0-9]{1,7})")
_LEAST_RATE, _USUAL_RATE = 8_000, 16_000  # hertz, if a type names none
_MOST_RATE, _MOST_CHANNELS = 1_000_000, 64
# Media type -> (bytes per sample, the type's fixed rate or 0).
_TYPES = {
    "audio/l8": (1, 0), "audio/l16": (2, 0), "audio/l20": (3, 0), "audio/l24": (3, 0),
    "audio/pcm": (2, 0), "audio/x-pcm": (2, 0), "audio/raw": (2, 0), "audio/x-raw": (2, 0),
    "audio/s16le": (2, 0), "audio/basic": (1, 8_000), "audio/pcmu": (1, 8_000),
    "audio/pcma": (1, 8_000), "audio/mulaw": (1, 8_000), "audio/x-mulaw": (1, 8_000),
    "audio/alaw": (1, 8_000), "audio/x-alaw": (1, 8_000), "audio/g711-ulaw": (1, 8_000),
    "audio/g711-alaw": (1, 8_000),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RawSound:
    """The format of audio without a header: samples per second, bytes per sample, channels.

    If `told` is False, the media type does not state the rate, and `rate` is a usual rate.
    """

    rate: int
    sample_bytes: int = 2
    channels: int = 1
    told: bool = True

    def longest_milliseconds(self, size: int) -> int:
        """Return an upper bound for the length of `size` bytes, in milliseconds, rounded up.

        If the media type names no rate, this assumes 8 kHz.
        """
        rate = self.rate if self.told else min(self.rate, _LEAST_RATE)
        return -(-max(0, size) * 1000 // (rate * self.sample_bytes * self.channels))

    def usual_milliseconds(self, size: int) -> int:
        """Return the likely length of `size` bytes, in milliseconds, rounded up.

        If the media type names no rate, this assumes 16 kHz.
        """
        return -(-max(0, size) * 1000 // (self.rate * self.sample_bytes * self.channels))


def raw_sound(mime: str) -> RawSound | None:
    """Return the format that a media type states; None if it is not a type of audio without a
    header.
    """
    name = mime.lower().partition(";")[0].strip()
    known = _TYPES.get(name)
    if known is None:
        return None
    told = {key: int(value) for key, value in _PARAMETER.findall(mime.lower())}
    sample, fixed = known
    if told.get("bits") in (8, 16, 24, 32):
        sample = told["bits"] // 8
    rate = told.get("rate") or fixed
    channels = min(max(1, told.get("channels", 1)), _MOST_CHANNELS)
    return RawSound(min(rate or _USUAL_RATE, _MOST_RATE), sample, channels, bool(rate))
