"""The length of Ogg: Opus, Vorbis, FLAC, Speex."""

from __future__ import annotations

from dataclasses import dataclass

from quotakeeper.providers.audio.byte_view import AudioLength, ByteView, MissingBytes, micros

_OPUS_RATE = 48_000
_NO_GRANULE = 2**64 - 1


@dataclass(slots=True)
class _Stream:
    """One logical stream of an Ogg file."""

    rate: int
    channels: int
    skipped: int = 0
    last: int = 0

    @property
    def microseconds(self) -> int:
        return micros(max(0, self.last - self.skipped), self.rate)


def read_ogg(view: ByteView) -> AudioLength | None:
    """Ogg: the last position of every stream; chained streams follow each other and are added."""
    streams: dict[int, _Stream] = {}
    at, ended = 0, 0
    while view.has(at, 27) and view.take(at, 4) == b"OggS":
        segments = view.number(at + 26, 1)
        if not view.has(at + 27, segments):
            break
        serial = view.number(at + 14, 4, little=True)
        if view.number(at + 5, 1) & 2:
            found = _ogg_codec(view, at + 27 + segments)
            if found is not None:
                streams[serial] = found
        _position(view, at, streams.get(serial))
        ended = at = at + 27 + segments + sum(view.take(at + 27, segments))
    if not streams:
        return None
    if ended < view.total:
        last = view.last_of(b"OggS")
        if last < 0 or not view.has(last, 18):
            raise MissingBytes
        stream = streams.get(view.number(last + 14, 4, little=True))
        if stream is None or not (view.whole or view.tail):
            return None  # another file follows the first, or the end is not there
        _position(view, last, stream)
    longest = max(streams.values(), key=lambda stream: stream.microseconds)
    return AudioLength("ogg", sum(s.microseconds for s in streams.values()), longest.channels)


def _position(view: ByteView, at: int, stream: _Stream | None) -> None:
    position = view.number(at + 6, 8, little=True)
    if stream is not None and position != _NO_GRANULE:
        stream.last = max(stream.last, position)


def _ogg_codec(view: ByteView, at: int) -> _Stream | None:
    if not view.has(at, 16):
        return None
    start = view.take(at, 16)
    if start[:8] == b"OpusHead":
        return _Stream(_OPUS_RATE, start[9], skipped=int.from_bytes(start[10:12], "little"))
    if start[:7] == b"\x01vorbis":
        return _Stream(int.from_bytes(start[12:16], "little"), start[11])
    if start[:5] == b"\x7fFLAC" and view.has(at + 27, 8):
        packed = view.number(at + 27, 8)
        return _Stream(packed >> 44, (packed >> 41 & 7) + 1)
    if start[:8] == b"Speex   " and view.has(at + 36, 16):
        return _Stream(view.number(at + 36, 4, little=True), view.number(at + 48, 4, little=True))
    return None
