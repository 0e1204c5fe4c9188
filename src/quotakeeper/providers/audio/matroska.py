"""Reads lengths of WebM and Matroska: the stated duration, else the time of the last block."""

from __future__ import annotations

import struct

from quotakeeper.providers.audio.aac import AacConfig, aac_config
from quotakeeper.providers.audio.byte_view import (
    AudioLength,
    ByteView,
    MissingBytes,
    UnreadSound,
    micros,
)
from quotakeeper.providers.audio.unread_reasons import UnreadReason
from quotakeeper.value_classes import dataclass

_SEGMENT, _INFO, _TRACKS, _TRACK = 0x18538067, 0x1549A966, 0x1654AE6B, 0xAE
_CLUSTER, _GROUP, _SOUND = 0x1F43B675, 0xA0, 0xE1
_ENTERED = {_SEGMENT, _INFO, _TRACKS, _TRACK, _SOUND, _GROUP}
_SCALE, _DURATION, _CHANNELS, _TIME = 0x2AD7B1, 0x4489, 0x9F, 0xE7
_TYPE, _CODEC, _PRIVATE = 0x83, 0x86, 0x63A2
_SOUND_TRACK = 2
_BLOCKS = {0xA3, 0xA1}
_MOST_TICKS = 1e15
_LAST_BLOCK = 120_000  # microseconds: the longest packet of Opus


@dataclass(slots=True)
class _State:
    scale: int = 1_000_000  # nanoseconds per tick
    duration: float = 0.0
    channels: int = 0
    tracks: int = 0
    sounds: int = 0
    codec: bytes = b""
    config: AacConfig | None = None
    cluster: int = 0  # the time of the current cluster
    last: int = -1  # the time of the last block, in ticks
    skipped: int = -1  # the last cluster that was skipped; it is read at the end


def read_matroska(view: ByteView, start: int = 0) -> AudioLength | None:
    """Return the length of WebM or Matroska, from the duration in its header.

    If there is no duration, as in a browser's live recording, the time of the last block gives an
    upper bound.
    """
    state = _State()
    _walk(view, start, view.total, state)
    mute = state.tracks > 0 and not state.sounds
    if state.duration > 0:
        length = int(state.duration * state.scale / 1000 + 0.5)
        if mute:
            return AudioLength("webm", 0, 0, film=length)
        film = length if state.tracks > 1 else 0
        return AudioLength("webm", _in_frames(length, state), state.channels or 1, film=film)
    if mute:
        raise UnreadSound(UnreadReason.NO_SOUND)
    if not view.whole:
        return None
    if state.skipped >= 0:
        at, size = _size(view, _identity(view, state.skipped)[0])
        _walk(view, at, view.total if size is None else min(at + size, view.total), state)
    if state.last < 0:
        return None
    length = state.last * state.scale // 1000 + _LAST_BLOCK
    film = length if state.tracks > 1 else 0
    return AudioLength("webm", length, state.channels or 1, exact=False, film=film)


def _in_frames(length: int, state: _State) -> int:
    """Return the length rounded up to whole AAC frames, because decoders play all of the last
    frame.
    """
    if state.config is None or state.tracks != 1:
        return length
    rate, frame = state.config.rate, state.config.frame
    frames = -(-(length - 1_000) * rate // (frame * 1_000_000))
    return max(length, micros(frames * frame, rate))


def _walk(view: ByteView, at: int, end: int, state: _State) -> None:
    while at < end:
        view.step()
        try:
            start = at
            at, identity = _identity(view, at)
            at, size = _size(view, at)
            if identity == _CLUSTER:
                if state.duration > 0:
                    return
                if size is not None and at + size < end:
                    state.skipped = start
                    at += size
                else:
                    state.skipped = -1
            elif identity == _TRACK:
                state.codec = b""
            elif identity not in _ENTERED:
                if size is None:
                    return
                _element(view, identity, at, size, state)
                at += size
        except MissingBytes:
            return


def _element(view: ByteView, identity: int, at: int, size: int, state: _State) -> None:
    if identity == _DURATION and size in (4, 8):
        form = ">f" if size == 4 else ">d"
        told = float(struct.unpack(form, view.take(at, size))[0])
        state.duration = told if 0 < told < _MOST_TICKS else 0.0
    elif identity == _TYPE and size:
        state.tracks += 1
        state.sounds += view.number(at, min(size, 8)) == _SOUND_TRACK
    elif identity == _CODEC:
        state.codec = view.take(at, min(size, 32))
    elif identity == _PRIVATE and state.codec.startswith(b"A_AAC"):
        config = aac_config(view.take(at, min(size, 64)))
        if config is not None and config.channels:
            state.channels = config.channels
            state.config = config
            state.codec = b""
    elif identity in (_SCALE, _CHANNELS, _TIME) and size <= 8:
        value = view.number(at, size)
        if identity == _SCALE:
            state.scale = value or state.scale
        elif identity == _CHANNELS:
            state.channels = value if 0 < value <= 64 else state.channels
        else:
            state.cluster = value
            state.last = max(state.last, value)
    elif identity in _BLOCKS:
        inside, _track = _size(view, at)
        offset = int.from_bytes(view.take(inside, 2), "big", signed=True)
        state.last = max(state.last, state.cluster + offset)


def _identity(view: ByteView, at: int) -> tuple[int, int]:
    first = view.number(at, 1)
    length = 9 - first.bit_length()
    if not 1 <= length <= 4:
        raise MissingBytes
    return at + length, view.number(at, length)


def _size(view: ByteView, at: int) -> tuple[int, int | None]:
    """Return (where the content begins, its size).

    The size is None if it is unknown. The content then continues to the end of the file.
    """
    first = view.number(at, 1)
    length = 9 - first.bit_length()
    if not 1 <= length <= 8:
        raise MissingBytes
    value = view.number(at, length) & ((1 << 7 * length) - 1)
    return at + length, None if value == (1 << 7 * length) - 1 else value
