"""Lengths of MP4, M4A and MOV: the sound track's, with the index at either end, or in fragments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from quotakeeper.providers.audio.byte_view import AudioLength, ByteView, MissingBytes, micros

_UNKNOWN = (2**32 - 1, 2**64 - 1)


@dataclass(frozen=True, slots=True)
class _Box:
    name: bytes
    start: int  # of what it holds
    end: int


@dataclass(slots=True)
class _Track:
    """One track: its own clock, and how long it plays by the film's clock."""

    number: int = 0
    scale: int = 0
    duration: int = 0
    plays: int = 0
    kind: bytes = b""
    channels: int = 0
    default: int = 0  # of a sample in a fragment
    fragments: int = 0


def read_mp4(view: ByteView) -> AudioLength | None:
    """The sound track's length; the film's where no track is sound or none says its own."""
    tracks: dict[int, _Track] = {}
    scale = length = fragmented = 0
    seen = False
    for box in _boxes(view, 0, view.total):
        if box.name == b"moov":
            seen = True
            scale, length, fragmented = _moov(view, box, tracks)
        elif box.name == b"moof" and seen:
            _moof(view, box, tracks)
    if not seen:
        return None
    sounds = [track for track in tracks.values() if track.kind == b"soun"]
    sound = max(sounds, key=lambda t: (t.plays, t.duration), default=_Track())
    for samples, rate in (
        (sound.plays, scale),
        (sound.duration, sound.scale),
        (sound.fragments, sound.scale),
        (fragmented, scale),
        (length, scale),
    ):
        if samples > 0 and rate > 0:
            exact = samples != sound.fragments or view.whole
            return (
                AudioLength("mp4", micros(samples, rate), sound.channels, exact) if exact else None
            )
    return None


def _boxes(view: ByteView, start: int, end: int) -> Iterator[_Box]:
    at = start
    while at + 8 <= end:
        if not view.has(at, 8):
            return
        size, name, header = view.number(at, 4), view.take(at + 4, 4), 8
        if size == 1:
            if not view.has(at + 8, 8):
                return
            size, header = view.number(at + 8, 8), 16
        elif size == 0:
            size = end - at
        if size < header:
            return
        yield _Box(name, at + header, min(at + size, end))
        at += size


def _moov(view: ByteView, moov: _Box, tracks: dict[int, _Track]) -> tuple[int, int, int]:
    scale = length = fragmented = 0
    defaults: dict[int, int] = {}
    for box in _boxes(view, moov.start, moov.end):
        if box.name == b"mvhd":
            scale, length = _clock(view, box)
        elif box.name == b"trak":
            track = _trak(view, box)
            tracks[track.number] = track
        elif box.name == b"mvex":
            for part in _boxes(view, box.start, box.end):
                if part.name == b"mehd":
                    wide = view.number(part.start, 1) == 1
                    fragmented = view.number(part.start + 4, 8 if wide else 4)
                elif part.name == b"trex":
                    number = view.number(part.start + 4, 4)
                    defaults[number] = view.number(part.start + 12, 4)
    for number, default in defaults.items():
        if number in tracks:
            tracks[number].default = default
    return scale, length, fragmented


def _clock(view: ByteView, box: _Box) -> tuple[int, int]:
    """(units a second, units) of an mvhd or mdhd."""
    if view.number(box.start, 1) == 1:
        scale, length = view.number(box.start + 20, 4), view.number(box.start + 24, 8)
    else:
        scale, length = view.number(box.start + 12, 4), view.number(box.start + 16, 4)
    return scale, 0 if length in _UNKNOWN else length


def _trak(view: ByteView, trak: _Box) -> _Track:
    track = _Track()
    for box in _boxes(view, trak.start, trak.end):
        if box.name == b"tkhd":
            wide = view.number(box.start, 1) == 1
            track.number = view.number(box.start + (20 if wide else 12), 4)
            plays = view.number(box.start + (28 if wide else 20), 8 if wide else 4)
            track.plays = 0 if plays in _UNKNOWN else plays
        elif box.name == b"mdia":
            _media(view, box, track)
    return track


def _media(view: ByteView, mdia: _Box, track: _Track) -> None:
    for box in _boxes(view, mdia.start, mdia.end):
        if box.name == b"mdhd":
            track.scale, track.duration = _clock(view, box)
        elif box.name == b"hdlr":
            track.kind = view.take(box.start + 8, 4)
        elif box.name == b"minf" and track.kind == b"soun":
            track.channels = _channels(view, box)


def _channels(view: ByteView, minf: _Box) -> int:
    for box in _boxes(view, minf.start, minf.end):
        if box.name == b"stbl":
            return _channels(view, box)
        if box.name == b"stsd" and view.has(box.start + 16 + 16, 2):
            # version, flags, count; the entry's size and name; 8 reserved; 8 of the sound entry
            told = view.number(box.start + 8 + 8 + 8 + 8, 2)
            return _aac_channels(view.take(box.start, box.end - box.start)) or told
    return 0


def _aac_channels(entry: bytes) -> int:
    """Channels by AAC's own configuration: the box above it says 2 for mono too."""
    at = entry.find(b"esds")
    at = entry.find(b"\x05", entry.find(b"\x04", at + 8) + 14) if at >= 0 else -1
    if at < 0:
        return 0
    at += 1
    while entry[at : at + 1] >= b"\x80":
        at += 1
    config = int.from_bytes(entry[at + 1 : at + 3].ljust(2, b"\0"), "big")
    kind, rate, channels = config >> 11, config >> 7 & 15, config >> 3 & 15
    return channels if 0 < kind < 31 and rate < 13 and channels < 8 else 0


def _moof(view: ByteView, moof: _Box, tracks: dict[int, _Track]) -> None:
    for traf in _boxes(view, moof.start, moof.end):
        if traf.name != b"traf":
            continue
        track, default = _Track(), 0
        for box in _boxes(view, traf.start, traf.end):
            if box.name == b"tfhd":
                flags = view.number(box.start, 4)
                track = tracks.get(view.number(box.start + 4, 4), track)
                default = track.default
                if flags & 8:
                    at = box.start + 8 + 8 * (flags & 1) + 4 * (flags >> 1 & 1)
                    default = view.number(at, 4)
            elif box.name == b"trun":
                track.fragments += _run(view, box, default)


def _run(view: ByteView, box: _Box, default: int) -> int:
    """How long the samples of one run are, by the track's clock."""
    flags, samples = view.number(box.start, 4), view.number(box.start + 4, 4)
    if not flags & 0x100:
        return samples * default
    entry = 4 * sum(flags >> bit & 1 for bit in (8, 9, 10, 11))
    at = box.start + 8 + 4 * (flags & 1) + 4 * (flags >> 2 & 1)
    if at + samples * entry > box.end:
        raise MissingBytes
    return sum(view.number(at + index * entry, 4) for index in range(samples))
