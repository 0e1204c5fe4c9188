"""Reads the length of Ogg: Opus, Vorbis, FLAC, Speex."""

from __future__ import annotations

from quotakeeper.providers.audio.byte_view import (
    UNTOLD,
    AudioLength,
    ByteView,
    MissingBytes,
    UnreadSound,
    micros,
)
from quotakeeper.providers.audio.unread_reasons import UnreadReason
from quotakeeper.value_classes import dataclass, field

_OPUS_RATE = 48_000
_NO_GRANULE = 2**64 - 1
_LARGEST = 2**62  # a larger position is a negative one: before the first sample
_CONTINUED, _FIRST = 1, 2


@dataclass(slots=True)
class _Stream:
    """One logical stream of an Ogg file. Positions are in samples."""

    codec: str
    rate: int
    channels: int
    skipped: int = 0
    packet: int = 0  # the most samples of a packet; 0: the packet's bytes show it
    begin: int = 0
    last: int = 0
    exact: bool = True
    started: bool = False
    packets: int = 0  # headers still to come

    @property
    def microseconds(self) -> int:
        return micros(max(0, self.last - max(self.begin, 0) - self.skipped), self.rate)


@dataclass(slots=True)
class _File:
    """The streams of an Ogg file, in groups. Streams of one group play at the same time.

    The groups play one after the other.
    """

    groups: list[list[_Stream]] = field(default_factory=list)
    current: dict[int, _Stream | None] = field(default_factory=dict)
    heads: bool = False  # the pages before this one begin streams


def read_ogg(view: ByteView, start: int = 0) -> AudioLength | None:
    """Return the length of Ogg audio: the end of each stream minus its beginning.

    If streams play one after the other, their lengths are added. Raises UnreadSound if there is no
    audio.
    """
    file = _File()
    at = ended = start
    while True:
        view.step()
        if not view.has(at, 27) or view.take(at, 4) != b"OggS":
            found = view.find(b"OggS", at + 1) if view.whole and at < view.total else -1
            if found < 0:
                break
            at = found
            continue
        segments = view.number(at + 26, 1)
        if not view.has(at + 27, segments):
            break
        _page(view, at, segments, file)
        ended = at = at + 27 + segments + sum(view.take(at + 27, segments))
    streams = [stream for group in file.groups for stream in group]
    if not streams:
        raise UnreadSound(UnreadReason.NO_SOUND if file.current else UnreadReason.DAMAGED)
    if ended < view.total and not view.whole and not _by_the_end(view, file):
        return None
    longest = max(streams, key=lambda stream: stream.microseconds)
    length = sum(max((s.microseconds for s in group), default=0) for group in file.groups)
    exact = all(stream.exact for stream in streams)
    film = UNTOLD if None in file.current.values() else 0
    return AudioLength("ogg", length, longest.channels, exact, film)


def _by_the_end(view: ByteView, file: _File) -> bool:
    """Set the stream's end from the last page of the file; return whether this was possible.

    Returns False if the page belongs to another stream, or if the stream's beginning is unknown.
    Raises MissingBytes if the page is unknown.
    """
    last = view.last_of(b"OggS")
    if last < 0 or not view.has(last, 18):
        raise MissingBytes
    stream = file.current.get(view.number(last + 14, 4, little=True))
    if stream is None or not view.tail:
        return False
    if not stream.started:
        return False  # the known part does not have the beginning of the stream
    _position(view, last, stream)
    return True


def _page(view: ByteView, at: int, segments: int, file: _File) -> None:
    serial, flags = view.number(at + 14, 4, little=True), view.number(at + 5, 1)
    if flags & _FIRST:
        if not file.heads:
            file.groups.append([])
        file.heads = True
        found = _codec(view, at + 27 + segments)
        file.current[serial] = found
        if found is not None:
            file.groups[-1].append(found)
        return
    file.heads = False
    stream = file.current.get(serial)
    if stream is None:
        return
    position = view.number(at + 6, 8, little=True)
    if not stream.started and 0 < position < _LARGEST:
        _begin(view, at, segments, stream, position)
    _position(view, at, stream)


def _begin(view: ByteView, at: int, segments: int, stream: _Stream, position: int) -> None:
    """Set where the stream's audio begins: the first page's position minus the samples in this
    page.
    """
    stream.started = True
    lacing, place = view.take(at + 27, segments), at + 27 + segments
    samples, packets, size = 0, 0, 0
    for length in lacing:
        size += length
        if length < 255:
            packets += 1
            samples += stream.packet or _opus_samples(view.upto(place, 2)[: max(size, 0)])
            place, size = place + size, 0
    ends = bool(view.number(at + 5, 1) & 4)
    # A page that also ends the stream may have a trimmed position. On other pages, a position above
    # `samples` means that earlier audio was cut off.
    if not ends and position > samples:
        stream.begin = position - samples
        stream.exact = stream.exact and stream.codec != "vorbis"


def _position(view: ByteView, at: int, stream: _Stream) -> None:
    position = view.number(at + 6, 8, little=True)
    if position != _NO_GRANULE and position < _LARGEST:
        stream.last = max(stream.last, position)


def _opus_samples(packet: bytes) -> int:
    """Return the samples in an Opus packet, at 48 kHz (RFC 6716, 3.1)."""
    if not packet:
        return 0
    config = packet[0] >> 3
    if config < 12:
        size = (480, 960, 1920, 2880)[config & 3]
    elif config < 16:
        size = (480, 960)[config & 1]
    else:
        size = (120, 240, 480, 960)[config & 3]
    code = packet[0] & 3
    frames = 1 if code == 0 else 2 if code < 3 else packet[1] & 63 if len(packet) > 1 else 1
    return size * frames


def _codec(view: ByteView, at: int) -> _Stream | None:
    if not view.has(at, 16):
        return None
    head = view.take(at, 16)
    if head[:8] == b"OpusHead":
        skipped = int.from_bytes(head[10:12], "little")
        return _Stream("opus", _OPUS_RATE, head[9], skipped=skipped)
    if head[:7] == b"\x01vorbis":
        # A packet adds a quarter of its own block and a quarter of the block before it.
        block = 1 << (view.number(at + 28, 1) >> 4) if view.has(at + 28, 1) else 8_192
        rate = int.from_bytes(head[12:16], "little")
        return _Stream("vorbis", rate, head[11], packet=max(1, block // 2))
    if head[:5] == b"\x7fFLAC" and view.has(at + 27, 8):
        packed, block = view.number(at + 27, 8), view.number(at + 19, 2)
        return _Stream("flac", packed >> 44, (packed >> 41 & 7) + 1, packet=max(1, block))
    if head[:8] == b"Speex   " and view.has(at + 36, 32):
        rate, channels, frame, per_packet = (
            view.number(at + offset, 4, little=True) for offset in (36, 48, 56, 64)
        )
        return _Stream("speex", rate, channels, packet=max(1, frame * max(1, per_packet)))
    return None
