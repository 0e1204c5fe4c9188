"""Finds out what a piece of sound is and how long it is; never raises, whatever the bytes are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from quotakeeper.domain.money import divide_half_even
from quotakeeper.providers.audio.adts import read_adts
from quotakeeper.providers.audio.amr import read_amr
from quotakeeper.providers.audio.byte_view import AudioLength, Buffer, ByteView, MissingBytes
from quotakeeper.providers.audio.flac import read_flac
from quotakeeper.providers.audio.matroska import read_matroska
from quotakeeper.providers.audio.mp3 import read_mp3
from quotakeeper.providers.audio.mp4 import read_mp4
from quotakeeper.providers.audio.ogg import read_ogg
from quotakeeper.providers.audio.wav import read_wav

# Opus, the thriftiest coder in use, goes down to 6 kbit/s: a byte is at most 1.34 milliseconds.
LEAST_BYTES_PER_SECOND = 750
_MOST_MICROSECONDS = 10**15  # 31 years; a header that says more is damaged


@dataclass(frozen=True, slots=True)
class Sound:
    """How long a file plays. `channels` 0: not known. `exact` False: it is at most that long."""

    form: str
    microseconds: int
    channels: int = 0
    exact: bool = True

    @property
    def milliseconds(self) -> int:
        """Whole milliseconds, rounded up: never less than the true length."""
        return -(-self.microseconds // 1000)

    @property
    def billed_milliseconds(self) -> int:
        """Whole milliseconds, to the nearest: what a ledger books for the length."""
        return divide_half_even(self.microseconds, 1000)

    @property
    def seconds(self) -> float:
        """Seconds to six decimals, as providers report them."""
        return round(self.microseconds / 1_000_000, 6)


def longest_milliseconds(size_bytes: int) -> int:
    """The longest that so many bytes of coded sound can be, at 6 kbit/s."""
    return -(-max(0, size_bytes) * 1000 // LEAST_BYTES_PER_SECOND)


def read_sound(head: Buffer, *, tail: bytes = b"", total: int | None = None) -> Sound | None:
    """Read the length of a sound or film from its header, or None when there is none we know.

    `head` is the file or its beginning; with `total`, its whole size, the length can often be told
    from the beginning alone, and with `tail`, its last bytes, nearly always.
    """
    view = ByteView(head, tail, total if total is not None else len(head))
    try:
        for reader in _readers(view):
            length = reader(view)
            if length is not None and 0 <= length.microseconds <= _MOST_MICROSECONDS:
                return Sound(length.form, length.microseconds, length.channels, length.exact)
    except (MissingBytes, IndexError, ZeroDivisionError, OverflowError):
        return None
    return None


def _readers(view: ByteView) -> tuple[Callable[[ByteView], AudioLength | None], ...]:
    start = bytes(view.head[:12])
    if start[:4] in (b"RIFF", b"RF64", b"BW64") and start[8:12] == b"WAVE":
        return (read_wav,)
    marks: tuple[tuple[int, bytes, Callable[[ByteView], AudioLength | None]], ...] = (
        (0, b"fLaC", read_flac),
        (0, b"OggS", read_ogg),
        (0, b"\x1a\x45\xdf\xa3", read_matroska),
        (0, b"#!AMR", read_amr),
        (4, b"ftyp", read_mp4),
        (4, b"moov", read_mp4),
        (4, b"styp", read_mp4),
        (4, b"wide", read_mp4),
        (4, b"mdat", read_mp4),
    )
    for at, mark, reader in marks:
        if start[at : at + len(mark)] == mark:
            return (reader,)
    return (read_flac, read_adts, read_mp3) if start[:3] == b"ID3" else (read_adts, read_mp3)
