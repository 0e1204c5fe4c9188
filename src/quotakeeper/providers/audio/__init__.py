"""How long a piece of sound is, by its own header: known before it is sent. Pure, no I/O."""

from quotakeeper.providers.audio.detection import (
    LEAST_BYTES_PER_SECOND,
    Sound,
    longest_milliseconds,
    read_sound,
)

__all__ = ["LEAST_BYTES_PER_SECOND", "Sound", "longest_milliseconds", "read_sound"]
