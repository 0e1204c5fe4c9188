"""Reads the length of audio from its bytes, before the audio is sent; without I/O."""

from quotakeeper.providers.audio.detection import (
    LEAST_BYTES_PER_SECOND,
    Sound,
    has_media_mark,
    longest_milliseconds,
    read_sound,
    sound_or_reason,
)
from quotakeeper.providers.audio.raw import RawSound, raw_sound
from quotakeeper.providers.audio.unread_reasons import UnreadReason

__all__ = [
    "LEAST_BYTES_PER_SECOND",
    "RawSound",
    "Sound",
    "UnreadReason",
    "has_media_mark",
    "longest_milliseconds",
    "raw_sound",
    "read_sound",
    "sound_or_reason",
]
