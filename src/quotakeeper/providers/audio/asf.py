"""Reads the length of WMA, WMV and other ASF files."""

from __future__ import annotations

from quotakeeper.providers.audio.byte_view import (
    AudioLength,
    ByteView,
    MissingBytes,
    UnreadSound,
    micros,
)
from quotakeeper.providers.audio.unread_reasons import UnreadReason
from quotakeeper.providers.audio.wav import WaveFormat, wave_format
from quotakeeper.value_classes import dataclass

# GUIDs as a file holds them (Microsoft's ASF specification, chapter 10).
HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_STREAM = bytes.fromhex("9107dcb7b7a9cf118ee600c00c205365")
_SOUND = bytes.fromhex("409e69f84d5bcf11a8fd00805f5c442b")
_DATA = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")
_LAST_PACKET = 1_000_000  # microseconds; the longest last packet of a stream


@dataclass(slots=True)
class _State:
    length: int = 0  # microseconds
    preroll: int = 0
    live: bool = False
    packet: int = 0
    streams: int = 0
    sound: WaveFormat | None = None


def read_asf(view: ByteView, start: int = 0) -> AudioLength | None:
    """Return the length of WMA or WMV: the play time minus the buffer time, as an upper bound.

    For a live stream or a cut file, the time of the last packets gives the length.
    """
    state = _State()
    end = start + view.number(start + 16, 8, little=True)
    at = start + 30
    while at + 24 <= end and view.has(at, 24):
        view.step()
        name, size = view.take(at, 16), view.number(at + 16, 8, little=True)
        if name == _PROPERTIES:
            play, preroll = (view.number(at + n, 8, little=True) for n in (64, 80))
            state.preroll = preroll * 1000
            state.length = max(0, play // 10 - state.preroll)
            state.live = bool(view.number(at + 88, 4, little=True) & 1)
            state.packet = view.number(at + 96, 4, little=True)
        elif name == _STREAM:
            state.streams += 1
            if view.take(at + 24, 16) == _SOUND and state.sound is None:
                state.sound = wave_format(view, at + 78, view.number(at + 64, 4, little=True))
        if size < 24:
            break
        at += size
    if state.sound is None:
        raise UnreadSound(UnreadReason.NO_SOUND if state.streams else UnreadReason.DAMAGED)
    if state.length and not state.live and not _is_cut(view, end, state):
        # Decoders play all of the last audio packet; the play time may not include it.
        length = state.length + _packet_length(state.sound)
        film = length if state.streams > 1 else 0
        return AudioLength("asf", length, state.sound.channels, exact=False, film=film)
    return _by_packets(view, end, state, state.sound)


def _packet_length(sound: WaveFormat) -> int:
    return micros(sound.block, sound.per_second) if sound.per_second else _LAST_PACKET


def _is_cut(view: ByteView, data: int, state: _State) -> bool:
    """Return whether the file ends before the last packet that its header counts."""
    if not state.packet or not view.has(data, 50):
        return False
    told = view.number(data + 40, 8, little=True)
    return data + 50 + told * state.packet > view.total


def _by_packets(view: ByteView, data: int, state: _State, sound: WaveFormat) -> AudioLength | None:
    """Return the length from the time of the last packets, for a file whose header has no usable
    length.
    """
    if not state.packet or view.take(data, 16) != _DATA:
        raise MissingBytes
    first = data + 50
    packets = max(0, view.total - first) // state.packet
    if not packets:
        raise UnreadSound(UnreadReason.NO_SOUND)
    time = max(_sent_at(view, first + number * state.packet) for number in _last(packets))
    length = max(0, time - state.preroll) + _LAST_PACKET
    length = min(length, state.length) if state.length and not state.live else length
    if sound.per_second:
        size = view.total - first
        length = max(length, size * 1_000_000 // sound.per_second)
    film = length if state.streams > 1 else 0
    return AudioLength("asf", length, sound.channels, exact=False, film=film)


def _last(packets: int) -> range:
    """Return the numbers of the last eight packets.

    Several are tried, because an index at the end of the file may look like packets.
    """
    return range(max(0, packets - 8), packets)


def _sent_at(view: ByteView, at: int) -> int:
    """Return the time in the packet at position `at`, in microseconds."""
    flags = view.number(at, 1)
    if flags & 0x80:
        at += 1 + (flags & 15)
        flags = view.number(at, 1)
    at += 2 + sum((0, 1, 2, 4)[flags >> shift & 3] for shift in (5, 1, 3))
    return view.number(at, 4, little=True) * 1000
