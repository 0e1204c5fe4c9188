"""Sound without a header: a media type that tells its rate, channels and width of a sample.

`audio/L16;rate=8000;channels=2` is RFC 2586's form; `audio/pcm;rate=24000` is what Gemini takes and
gives. `audio/basic`, `PCMU` and `PCMA` are 8 kHz by RFC 2046 and RFC 3551.
"""

from __future__ import annotations

import re

from quotakeeper.value_classes import dataclass

_PARAMETER = re.compile(r";\s*(rate|channels|bits)\s*=\s*\"?([0-9]{1,7})")
_LEAST_RATE, _USUAL_RATE = 8_000, 16_000  # where a type names none
_MOST_RATE, _MOST_CHANNELS = 1_000_000, 64
# Media type -> (bytes of a sample, rate that the type itself fixes or 0).
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
    """Samples a second, bytes of a sample, channels. `told` False: the rate is not named."""

    rate: int
    sample_bytes: int = 2
    channels: int = 1
    told: bool = True

    def longest_milliseconds(self, size: int) -> int:
        """How long so many bytes play at most, rounded up; at 8 kHz where no rate is named."""
        rate = self.rate if self.told else min(self.rate, _LEAST_RATE)
        return -(-max(0, size) * 1000 // (rate * self.sample_bytes * self.channels))

    def usual_milliseconds(self, size: int) -> int:
        """How long so many bytes play, rounded up; at 16 kHz where no rate is named."""
        return -(-max(0, size) * 1000 // (self.rate * self.sample_bytes * self.channels))


def raw_sound(mime: str) -> RawSound | None:
    """What a media type tells of sound without a header; None for a type of another kind."""
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
