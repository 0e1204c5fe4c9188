"""Reads the length of the audio in an FLV file from its packets."""

from __future__ import annotations

from quotakeeper.providers.audio.aac import AacConfig, aac_config
from quotakeeper.providers.audio.byte_view import (
    UNTOLD,
    AudioLength,
    ByteView,
    UnreadSound,
    micros,
)
from quotakeeper.providers.audio.frames import StreamedFrames
from quotakeeper.providers.audio.mp3 import MPEG
from quotakeeper.providers.audio.unread_reasons import UnreadReason
from quotakeeper.value_classes import dataclass, field, replace

_RATES = (5_512, 11_025, 22_050, 44_100)
_SOUND, _FILM = 8, 9
# Codecs whose bytes are samples, with their rate if it is fixed.
_BYTES = {0: 0, 3: 0, 7: 8_000, 8: 8_000}
_MP3, _MP3_8K, _AAC = 2, 14, 10
_MOST_PACKET = 200  # milliseconds; the longest last packet of a codec that is timed by its packets


@dataclass(slots=True)
class _State:
    mp3: StreamedFrames = field(default_factory=lambda: StreamedFrames(MPEG))
    config: AacConfig | None = None
    packets: int = 0
    size: int = 0
    codec: int = -1
    head: int = 0
    first: int = -1
    last: int = 0
    film: bool = False


def read_flv(view: ByteView, start: int = 0) -> AudioLength | None:
    """Return the length of the audio in an FLV; None if only a part of the file is known.

    AAC and MP3 are counted by frames, PCM by bytes, other codecs by packet times.
    """
    if not view.whole:
        return None
    state = _State()
    at = start + view.number(start + 5, 4) + 4
    while view.has(at, 12):
        view.step()
        kind, size = view.number(at, 1) & 0x1F, view.number(at + 1, 3)
        if kind == _SOUND and size:
            time = view.number(at + 4, 3) | view.number(at + 7, 1) << 24
            _sound(state, view.upto(at + 11, size), time)
        elif kind == _FILM:
            state.film = True
        at += 11 + size + 4
    return replace(_length(state), film=UNTOLD if state.film else 0)


def _sound(state: _State, data: bytes, time: int) -> None:
    state.head, state.codec = data[0], data[0] >> 4
    if state.codec == _AAC:
        if data[1:2] == b"\0":
            state.config = aac_config(data[2:]) or state.config
            return
        state.packets += len(data) > 2
    elif state.codec in (_MP3, _MP3_8K):
        state.mp3.feed(data[1:])
    state.size += len(data) - 1
    state.first = time if state.first < 0 else state.first
    state.last = max(state.last, time)


def _length(state: _State) -> AudioLength:
    if state.codec < 0:
        raise UnreadSound(UnreadReason.NO_SOUND if state.film else UnreadReason.DAMAGED)
    channels = (state.head & 1) + 1
    if state.codec == _AAC and state.config is not None:
        samples = state.packets * state.config.frame
        length = micros(samples, state.config.rate)
        return AudioLength("flv", length, state.config.channels or channels)
    if state.mp3.count.frames:
        return AudioLength("flv", state.mp3.count.microseconds, state.mp3.count.channels)
    if state.codec in _BYTES:
        rate = _BYTES[state.codec] or _RATES[state.head >> 2 & 3]
        width = (state.head >> 1 & 1) + 1 if state.codec in (0, 3) else 1
        return AudioLength("flv", micros(state.size // (width * channels), rate), channels)
    length = (state.last - max(0, state.first) + _MOST_PACKET) * 1000
    return AudioLength("flv", length, channels if state.codec < 7 else 1, exact=False)
