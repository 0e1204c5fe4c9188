"""Detects the format and the length of audio or video; no function raises, whatever the bytes are.

The bytes determine the format, not the file's name. A format without a signature (MPEG audio, AAC
in ADTS, AC-3) is accepted only if several frames of one kind follow each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from struct import error as struct_error

from quotakeeper.domain.money import divide_half_even
from quotakeeper.providers.audio import (
    aac,
    ac3,
    aiff,
    amr,
    asf,
    avi,
    flac,
    flv,
    lossless,
    matroska,
    mp3,
    mp4,
    mpeg_streams,
    ogg,
    wav,
)
from quotakeeper.providers.audio.byte_view import (
    UNTOLD,
    AudioLength,
    Buffer,
    ByteView,
    MissingBytes,
    UnreadSound,
)
from quotakeeper.providers.audio.tags import after_id3
from quotakeeper.providers.audio.unread_reasons import UnreadReason
from quotakeeper.value_classes import dataclass

# Opus, the most efficient codec in use, has at least 6 kbit/s, so a byte is at most 1.34 ms.
LEAST_BYTES_PER_SECOND = 750
_MOST_MICROSECONDS = 10**15  # 31 years; a longer length means that the header is damaged
_MOST_CHANNELS = 255
_MOST_SILENT = 1_024  # bytes; a file of this size may have only headers
_HEAD = 32

Reader = Callable[[ByteView, int], AudioLength | None]

# (place in the file, signature, reader); all signatures of a row must match.
_MARKS: tuple[tuple[tuple[tuple[int, bytes], ...], Reader], ...] = (
    (((0, b"RIFF"), (8, b"WAVE")), wav.read_wav),
    (((0, b"RF64"), (8, b"WAVE")), wav.read_wav),
    (((0, b"BW64"), (8, b"WAVE")), wav.read_wav),
    (((0, b"RIFF"), (8, b"AVI ")), avi.read_avi),
    (((0, b"FORM"), (8, b"AIFF")), aiff.read_aiff),
    (((0, b"FORM"), (8, b"AIFC")), aiff.read_aiff),
    (((0, b".snd"),), aiff.read_au),
    (((0, b"caff"),), aiff.read_caf),
    (((0, b"fLaC"),), flac.read_flac),
    (((0, b"OggS"),), ogg.read_ogg),
    (((0, b"\x1a\x45\xdf\xa3"),), matroska.read_matroska),
    (((0, b"#!AMR"),), amr.read_amr),
    (((0, b"FLV"),), flv.read_flv),
    (((0, asf.HEADER),), asf.read_asf),
    (((0, b"wvpk"),), lossless.read_wavpack),
    (((0, b"MAC "),), lossless.read_ape),
    (((0, b"TTA1"),), lossless.read_tta),
    (((0, b"MP+"),), lossless.read_musepack),
    (((0, b"MPCK"),), lossless.read_musepack),
    (((0, b"tBaK"),), lossless.read_tak),
    (((0, b"DSD "),), lossless.read_dsf),
    (((0, b"FRM8"), (12, b"DSD ")), lossless.read_dff),
    (((0, b"\0\0\x01\xba"),), mpeg_streams.read_ps),
    *((((4, name),), mp4.read_mp4) for name in
      (b"ftyp", b"moov", b"styp", b"wide", b"mdat", b"free", b"skip", b"moof", b"sidx", b"pnot")),
)  # fmt: skip
# Signatures of audio and video formats that this package does not read.
_UNSUPPORTED = (
    b"MThd", b"OFR ", b".RMF", b".ra\xfd", b"\x30\x26\xb2\x75", b"ADIF", b"\x7f\xfe\x80\x01",
    b"\xf8\x72\x6f\xba", b"ajkg", b"FWS", b"CWS", b"MPC ", b"\x06\x0e\x2b\x34", b"RIFF", b"FORM",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sound:
    """The length and the channels of an audio or video file.

    - `microseconds`: the length of the audio. If `exact` is False, this is an upper bound.
    - `channels`: the number of channels; 0 if it is unknown.
    - `film_microseconds`: the length of a video with all its tracks. It is 0 if there is only
      audio. It is None if the length is unknown; the video may then be longer than the audio.
    """

    form: str
    microseconds: int
    channels: int = 0
    exact: bool = True
    film_microseconds: int | None = 0

    @property
    def milliseconds(self) -> int:
        """The length in whole milliseconds, rounded up, so never less than the true length."""
        return -(-self.microseconds // 1000)

    @property
    def billed_milliseconds(self) -> int:
        """The length rounded to the nearest millisecond; the ledger records this quantity."""
        return divide_half_even(self.microseconds, 1000)

    @property
    def seconds(self) -> float:
        """The length in seconds to six decimals, as providers report it."""
        return round(self.microseconds / 1_000_000, 6)


def longest_milliseconds(size_bytes: int) -> int:
    """Return the most milliseconds that `size_bytes` of compressed audio can last, at 6 kbit/s."""
    return -(-max(0, size_bytes) * 1000 // LEAST_BYTES_PER_SECOND)


def read_sound(head: Buffer, *, tail: bytes = b"", total: int | None = None) -> Sound | None:
    """Return the length of audio or video, read from its bytes; None if the bytes do not show it.

    `head` is the file or its beginning. If `head` is not the whole file, `total` is the file's size
    in bytes, and `tail` its last bytes. The beginning alone often shows the length. Beginning and
    end together nearly always do.
    """
    found = sound_or_reason(head, tail=tail, total=total)
    return found if isinstance(found, Sound) else None


def sound_or_reason(
    head: Buffer, *, tail: bytes = b"", total: int | None = None
) -> Sound | UnreadReason:
    """Return the length of audio or video, or the reason why it cannot be read.

    The parameters are those of `read_sound`. A video without audio has length 0.
    """
    if not len(head):
        return UnreadReason.EMPTY
    view = ByteView(head, tail, total if total is not None else len(head))
    reason = UnreadReason.NO_MEDIA
    for reader, start, certain in _readers(view):
        try:
            length = reader(view, start)
        except UnreadSound as unread:
            return unread.reason
        except (MissingBytes, IndexError, ZeroDivisionError, OverflowError, ValueError,
                struct_error):  # fmt: skip
            length = None
        if length is not None and _is_plausible(length, view.total):
            film = None if length.film == UNTOLD else min(length.film, _MOST_MICROSECONDS)
            channels = length.channels if length.channels <= _MOST_CHANNELS else 0
            return Sound(length.form, length.microseconds, channels, length.exact, film)
        if certain:
            reason = UnreadReason.DAMAGED if view.whole else UnreadReason.PART
    if reason is UnreadReason.NO_MEDIA and bytes(view.head[:4]).startswith(_UNSUPPORTED):
        return UnreadReason.UNSUPPORTED
    return reason


def _is_plausible(length: AudioLength, size: int) -> bool:
    """Return whether a file of `size` bytes can have this length; 0 is plausible only for a small
    file.
    """
    if not length.microseconds and not length.film and size > _MOST_SILENT:
        return False
    return 0 <= length.microseconds <= _MOST_MICROSECONDS


def has_media_mark(head: bytes) -> bool:
    """Return whether a file begins with the signature of an audio or video format."""
    view = ByteView(head)
    return any(certain for _, _, certain in _readers(view) if certain)


def _readers(view: ByteView) -> Iterator[tuple[Reader, int, bool]]:
    """Yield (reader, position where the format begins, whether a signature proves the format)."""
    start = after_id3(view)
    for at in dict.fromkeys((0, start)):
        head = view.upto(at, _HEAD)
        for marks, reader in _MARKS:
            if all(head[place : place + len(mark)] == mark for place, mark in marks):
                yield reader, at, True
                return
        if wav.is_w64(head):
            yield wav.read_w64, at, True
            return
    if mpeg_streams.packet_size(view) is not None:
        yield mpeg_streams.read_ts, 0, True
        return
    tagged = start > 0
    for reader in (ac3.read_ac3, aac.read_adts, mp3.read_mp3):
        yield reader, start if reader is ac3.read_ac3 else 0, tagged
