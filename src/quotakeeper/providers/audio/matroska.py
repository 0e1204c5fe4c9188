"""Lengths of WebM and Matroska: the duration it states, else where the last block lies."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from quotakeeper.providers.audio.byte_view import AudioLength, ByteView, MissingBytes

_SEGMENT, _INFO, _TRACKS, _TRACK = 0x18538067, 0x1549A966, 0x1654AE6B, 0xAE
_CLUSTER, _GROUP, _SOUND = 0x1F43B675, 0xA0, 0xE1
_ENTERED = {_SEGMENT, _INFO, _TRACKS, _TRACK, _SOUND, _GROUP}
_SCALE, _DURATION, _CHANNELS, _TIME = 0x2AD7B1, 0x4489, 0x9F, 0xE7
_BLOCKS = {0xA3, 0xA1}
_LAST_BLOCK = 120_000  # microseconds: the longest packet of Opus


@dataclass(slots=True)
class _State:
    scale: int = 1_000_000  # nanoseconds a tick
    duration: float = 0.0
    channels: int = 0
    cluster: int = 0  # time of the cluster we are in
    last: int = -1  # time of the last block, in ticks
    skipped: int = -1  # the last cluster that was passed over, to be looked into at the end


def read_matroska(view: ByteView) -> AudioLength | None:
    """WebM or Matroska; what a browser records live states no duration and is walked through."""
    state = _State()
    _walk(view, 0, view.total, state)
    if state.duration > 0:
        length = int(state.duration * state.scale / 1000 + 0.5)
        return AudioLength("webm", length, state.channels or 1)
    if not view.whole:
        return None
    if state.skipped >= 0:
        at, size = _size(view, _identity(view, state.skipped)[0])
        _walk(view, at, view.total if size is None else min(at + size, view.total), state)
    if state.last < 0:
        return None
    length = state.last * state.scale // 1000 + _LAST_BLOCK
    return AudioLength("webm", length, state.channels or 1, exact=False)


def _walk(view: ByteView, at: int, end: int, state: _State) -> None:
    while at < end:
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
        state.duration = float(struct.unpack(form, view.take(at, size))[0])
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
    """(where the content begins, its size); None: not known, it goes on to the end."""
    first = view.number(at, 1)
    length = 9 - first.bit_length()
    if not 1 <= length <= 8:
        raise MissingBytes
    value = view.number(at, length) & ((1 << 7 * length) - 1)
    return at + length, None if value == (1 << 7 * length) - 1 else value
