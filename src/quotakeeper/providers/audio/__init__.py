"""How long a piece of sound is, by its own header: known before it is sent. Pure, no I/O."""

from quotakeeper.providers.audio.detection import (
    LEAST_BYTES_PER_SECOND,
    Sound,
    longest_milliseconds,
    read_sound,
)
from quotakeeper.providers.audio.raw import RawSound, raw_sound

__all__ = [
    "LEAST_BYTES_PER_SECOND",
    "RawSound",
    "Sound",
    "longest_milliseconds",
    "raw_sound",
    "read_sound",
]
