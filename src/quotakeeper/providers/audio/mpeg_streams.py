"""Reads the length of audio in MPEG-TS (also M2TS) and MPEG programme streams (.mpg, .vob)."""

from __future__ import annotations

from collections.abc import Iterator

from quotakeeper.providers.audio.aac import ADTS
from quotakeeper.providers.audio.ac3 import AC3
from quotakeeper.providers.audio.byte_view import UNTOLD, AudioLength, ByteView, UnreadSound
from quotakeeper.providers.audio.frames import FrameCodec, StreamedFrames
from quotakeeper.providers.audio.mp3 import MPEG
from quotakeeper.providers.audio.unread_reasons import UnreadReason
from quotakeeper.value_classes import dataclass, field

_SIZES = ((188, 0), (192, 4), (204, 0))  # (bytes of a packet, bytes before its sync byte)
_ALIKE = 3
_SYNC = 0x47
# By stream_type (ISO/IEC 13818-1, table 2-34, and ATSC A/53). Descriptors show what 0x06 is.
_TYPES: dict[int, FrameCodec] = {
    0x03: MPEG, 0x04: MPEG, 0x0F: ADTS, 0x81: AC3, 0x87: AC3, 0xC1: AC3, 0xC2: AC3,
}  # fmt: skip
_OTHER_SOUND = frozenset({0x11, 0x80, 0x82, 0x83, 0x84, 0x85, 0x86, 0x8A})
_VIDEO = frozenset({0x01, 0x02, 0x10, 0x1B, 0x24, 0xEA})
_AC3_TAGS = frozenset({0x6A, 0x7A})


@dataclass(slots=True)
class _Programme:
    """The packet ids of a stream: of tables, of audio (`sounds`) and of video (`films`).

    `sounds` maps a packet id to its codec, or to None if quotakeeper does not read the codec.
    """

    tables: set[int] = field(default_factory=set)
    sounds: dict[int, FrameCodec | None] = field(default_factory=dict)
    films: set[int] = field(default_factory=set)


def packet_size(view: ByteView) -> tuple[int, int] | None:
    """Return (bytes per packet, bytes before its sync byte); None if this is no transport stream."""
    for size, before in _SIZES:
        marks = view.upto(0, size * _ALIKE + before + 1)[before::size]
        if len(marks) >= min(_ALIKE, -(-view.total // size)) and marks and set(marks) == {_SYNC}:
            return size, before
    return None


def read_ts(view: ByteView, start: int = 0) -> AudioLength | None:
    """Return the length of the longest audio stream in an MPEG-TS.

    Returns None if only a part of the file is known. Raises UnreadSound if there is no audio.
    """
    shape = packet_size(view)
    if shape is None or not view.whole:
        return None
    programme = _Programme()
    for packet in _packets(view, shape, {0}):
        programme.tables |= set(_table_ids(packet))
    for packet in _packets(view, shape, programme.tables):
        _read_map(packet, programme)
    if not programme.sounds:
        raise UnreadSound(UnreadReason.NO_SOUND if programme.films else UnreadReason.DAMAGED)
    codecs = {packet_id: codec for packet_id, codec in programme.sounds.items() if codec}
    streams = {packet_id: StreamedFrames(codec) for packet_id, codec in codecs.items()}
    for packet in _packets(view, shape, set(streams)):
        payload = _payload(packet)
        if packet[1] & 0x40:
            payload = _elementary(payload)
        streams[(packet[1] & 0x1F) << 8 | packet[2]].feed(payload)
    return _longest("ts", list(streams.values()), film=bool(programme.films))


def _longest(form: str, streams: list[StreamedFrames], *, film: bool) -> AudioLength:
    counts = [stream.count for stream in streams if stream.count.frames]
    if not counts:
        raise UnreadSound(UnreadReason.UNSUPPORTED)
    longest = max(counts, key=lambda count: count.microseconds)
    pictures = UNTOLD if film else 0
    return AudioLength(form, longest.microseconds, longest.channels, film=pictures)


def _packets(view: ByteView, shape: tuple[int, int], wanted: set[int]) -> Iterator[bytes]:
    """Yield the packets with an id in `wanted`, in order. After damage, continue at the next
    packet.
    """
    size, before = shape
    at, end = before, len(view.head)
    lows = {packet_id & 0xFF for packet_id in wanted}
    while at + 188 <= end:
        stop = min(end, at + size * 4_096)
        piece = view.upto(at, stop - at)
        marks, low = piece[::size], piece[2::size]
        good = len(marks) - len(marks.lstrip(b"\x47"))
        view.step(max(1, good // 64))
        for place in range(min(good, len(low))):
            if low[place] in lows:
                packet = piece[place * size : place * size + 188]
                if len(packet) == 188 and (packet[1] & 0x1F) << 8 | packet[2] in wanted:
                    view.step()
                    yield packet
        at += good * size
        if good < len(marks):
            at = _resumed(view, at + 1, size)
            if at < 0:
                return


def _resumed(view: ByteView, start: int, size: int) -> int:
    for at in view.each(b"\x47", start):
        if view.upto(at, size * 2 + 1)[::size] in (b"\x47" * 3, b"\x47\x47", b"\x47"):
            return at
    return -1


def _payload(packet: bytes) -> bytes:
    control = packet[3] >> 4 & 3
    if not control & 1:
        return b""
    return packet[5 + packet[4] :] if control & 2 else packet[4:]


def _elementary(payload: bytes) -> bytes:
    """Return the audio in a PES packet, without the packet's header."""
    return payload[9 + payload[8] :] if payload[:3] == b"\0\0\1" and len(payload) > 8 else b""


def _section(packet: bytes, table: int) -> bytes:
    """Return a table that begins in a packet, without its checksum; b"" if no table begins there.

    Each table that is read here fits into one packet.
    """
    payload = _payload(packet)
    if not packet[1] & 0x40 or not payload:
        return b""
    section = payload[1 + payload[0] :]
    if len(section) < 8 or section[0] != table:
        return b""
    size = int.from_bytes(section[1:3], "big") & 0xFFF
    return section[: max(0, 3 + size - 4)]


def _table_ids(packet: bytes) -> Iterator[int]:
    section = _section(packet, 0)
    for at in range(8, len(section) - 3, 4):
        if section[at : at + 2] != b"\0\0":
            yield int.from_bytes(section[at + 2 : at + 4], "big") & 0x1FFF


def _read_map(packet: bytes, programme: _Programme) -> None:
    section = _section(packet, 2)
    if len(section) < 12:
        return
    at = 12 + (int.from_bytes(section[10:12], "big") & 0xFFF)
    while at + 5 <= len(section):
        kind, packet_id = section[at], int.from_bytes(section[at + 1 : at + 3], "big") & 0x1FFF
        size = int.from_bytes(section[at + 3 : at + 5], "big") & 0xFFF
        described = section[at + 5 : at + 5 + size]
        if kind in _TYPES:
            programme.sounds[packet_id] = _TYPES[kind]
        elif kind == 0x06 and set(_tags(described)) & _AC3_TAGS:
            programme.sounds[packet_id] = AC3
        elif kind in _OTHER_SOUND or (kind == 0x06 and b"Opus" in described):
            programme.sounds.setdefault(packet_id, None)
        elif kind in _VIDEO:
            programme.films.add(packet_id)
        at += 5 + size


def _tags(described: bytes) -> Iterator[int]:
    at = 0
    while at + 2 <= len(described):
        yield described[at]
        at += 2 + described[at + 1]


def read_ps(view: ByteView, start: int = 0) -> AudioLength | None:
    """Return the length of the longest MPEG audio or AC-3 stream in an MPEG programme stream.

    Returns None if only a part of the file is known. Raises UnreadSound if there is no audio.
    """
    if not view.whole:
        return None
    streams: dict[tuple[int, int], StreamedFrames] = {}
    at, film = start, False
    while view.has(at, 6):
        view.step()
        if view.take(at, 3) != b"\0\0\1":
            at = view.find(b"\0\0\1", at + 1)
            if at < 0:
                break
            continue
        kind = view.number(at + 3, 1)
        if kind == 0xBA:
            first = view.number(at + 4, 1)
            at += 12 if first >> 4 == 2 else 14 + (view.number(at + 13, 1) & 7)
        elif kind < 0xBB:
            at += 4
        else:
            size = view.number(at + 4, 2)
            film = film or 0xE0 <= kind <= 0xEF
            if 0xC0 <= kind <= 0xDF or kind == 0xBD:
                _feed(streams, kind, view.upto(at + 6, size))
            at += 6 + size
    if not streams:
        raise UnreadSound(UnreadReason.NO_SOUND if film else UnreadReason.DAMAGED)
    return _longest("mpeg", list(streams.values()), film=film)


def _feed(streams: dict[tuple[int, int], StreamedFrames], kind: int, packet: bytes) -> None:
    data = _packet_data(packet)
    if kind != 0xBD:
        streams.setdefault((kind, 0), StreamedFrames(MPEG)).feed(data)
    elif data[:1] and 0x80 <= data[0] <= 0x87:
        # DVD: track number, number of frames that begin here, and the place of the first one.
        streams.setdefault((kind, data[0]), StreamedFrames(AC3)).feed(data[4:])


def _packet_data(packet: bytes) -> bytes:
    """Return the content of an MPEG-2 or MPEG-1 PES packet."""
    if packet[:1] and packet[0] >> 6 == 2:
        return packet[3 + packet[2] :] if len(packet) > 2 else b""
    at = 0
    while packet[at : at + 1] == b"\xff":
        at += 1
    if packet[at : at + 1] and packet[at] >> 6 == 1:
        at += 2
    flag = packet[at] >> 4 if at < len(packet) else 0
    return packet[at + (5 if flag == 2 else 10 if flag == 3 else 1) :]
