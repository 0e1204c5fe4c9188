"""Reads the length of audio in AVI, also in files over 1 GB (OpenDML)."""

from __future__ import annotations

from quotakeeper.providers.audio.byte_view import (
    UNTOLD,
    AudioLength,
    ByteView,
    UnreadSound,
    micros,
)
from quotakeeper.providers.audio.frames import StreamedFrames
from quotakeeper.providers.audio.unread_reasons import UnreadReason
from quotakeeper.providers.audio.wav import FRAMED, WaveFormat, wave_format
from quotakeeper.value_classes import dataclass, field, replace

_ENTERED = (b"hdrl", b"strl", b"movi", b"rec ", b"AVI ", b"AVIX")


@dataclass(slots=True)
class _Track:
    """One audio track: the fields of its header, and the number and size of its chunks."""

    scale: int = 0
    rate: int = 0
    told: int = 0
    sample: int = 0
    sound: WaveFormat = field(default_factory=WaveFormat)
    size: int = 0
    chunks: int = 0
    frames: StreamedFrames | None = None

    def length(self, *, counted: bool) -> AudioLength:
        """Return the track's length, computed from its chunks.

        If not all chunks were read (`counted` False), the track's header gives the length.
        """
        channels = self.sound.channels
        if not counted:
            return AudioLength("avi", micros(self.told * self.scale, self.rate), channels)
        if self.frames is not None and self.frames.count.frames:
            count = self.frames.count
            return AudioLength("avi", count.microseconds, count.channels or channels)
        length = self.sound.length(self.size)
        if length is None and not self.sample:
            length = micros(self.chunks * self.scale, self.rate)
        if length is not None:
            return AudioLength("avi", length, channels)
        told = micros(self.told * self.scale, self.rate)
        by_bytes = micros(self.size, self.sound.per_second)
        return AudioLength("avi", max(told, by_bytes), channels, exact=False)


@dataclass(slots=True)
class _File:
    tracks: dict[int, _Track] = field(default_factory=dict)
    streams: int = 0
    current: _Track | None = None


def read_avi(view: ByteView, start: int = 0) -> AudioLength | None:
    """Return the length of the longest audio track of an AVI, from the chunks of the track.

    If only the beginning of the file is known, the track's header gives the length. Raises
    UnreadSound if there is no audio track.
    """
    file = _File()
    at = start
    while view.has(at, 12):
        view.step()
        name, size = view.take(at, 4), view.number(at + 4, 4, little=True)
        if name in (b"RIFF", b"LIST") and view.take(at + 8, 4) in _ENTERED:
            if view.take(at + 8, 4) == b"movi" and not view.whole:
                break
            at += 12
            continue
        _chunk(view, name, at + 8, size, file)
        at += 8 + size + (size & 1)
    if not file.tracks:
        raise UnreadSound(UnreadReason.NO_SOUND if file.streams else UnreadReason.DAMAGED)
    lengths = [track.length(counted=view.whole) for track in file.tracks.values()]
    longest = max(lengths, key=lambda length: length.microseconds)
    return replace(longest, film=UNTOLD if file.streams > len(file.tracks) else 0)


def _chunk(view: ByteView, name: bytes, at: int, size: int, file: _File) -> None:
    if name == b"strh":
        file.streams += 1
        file.current = None
        if view.take(at, 4) == b"auds":
            scale, rate, told = (view.number(at + n, 4, little=True) for n in (20, 24, 32))
            sample = view.number(at + 44, 4, little=True)
            file.current = _Track(scale, rate, told, sample)
            file.tracks[file.streams - 1] = file.current
    elif name == b"strf" and file.current is not None:
        file.current.sound = wave_format(view, at, size)
        codec = FRAMED.get(file.current.sound.kind)
        file.current.frames = StreamedFrames(codec) if codec else None
    elif name[2:] == b"wb" and name[:2].isdigit() and int(name[:2]) in file.tracks:
        track = file.tracks[int(name[:2])]
        there = max(0, min(size, view.total - at))
        track.size += there
        track.chunks += there > 0
        if track.frames is not None:
            track.frames.feed(view.upto(at, there))
