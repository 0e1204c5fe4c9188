"""Reads lengths from the headers of TTA, APE, WavPack, Musepack, TAK and DSD."""

from __future__ import annotations

from quotakeeper.providers.audio.byte_view import (
    AudioLength,
    ByteView,
    MissingBytes,
    UnreadSound,
    micros,
)
from quotakeeper.providers.audio.unread_reasons import UnreadReason

_WV_RATES = (
    6000, 8000, 9600, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000,
    192000,
)  # fmt: skip
_WV_MONO, _WV_FIRST, _WV_DSD = 1 << 2, 1 << 11, 1 << 31
_MPC_RATES = (44100, 48000, 37800, 32000)
_DSD_BITS = 8


def read_tta(view: ByteView, start: int = 0) -> AudioLength | None:
    """Return the length of True Audio (TTA) from the sample count and the rate in its header."""
    channels, rate = view.number(start + 6, 2, little=True), view.number(start + 10, 4, little=True)
    samples = view.number(start + 14, 4, little=True)
    return AudioLength("tta", micros(samples, rate), channels)


def read_ape(view: ByteView, start: int = 0) -> AudioLength | None:
    """Return the length of Monkey's Audio (APE): all its frames have the same length, except the
    last.
    """

    def number(at: int, size: int) -> int:
        return view.number(start + at, size, little=True)

    version = number(4, 2)
    if version >= 3980:
        at = number(8, 4)
        blocks, last, frames = (number(at + offset, 4) for offset in (4, 8, 12))
        channels, rate = number(at + 18, 2), number(at + 20, 4)
    else:
        level = number(6, 2)
        channels, rate, frames, last = (
            number(10, 2), number(12, 4), number(24, 4), number(28, 4),
        )  # fmt: skip
        long = version >= 3900 or (version >= 3800 and level == 4000)
        blocks = 73_728 * 4 if version >= 3950 else 73_728 if long else 9_216
    if not frames:
        raise UnreadSound(UnreadReason.NO_SOUND)
    return AudioLength("ape", micros((frames - 1) * blocks + last, rate), channels)


def read_wavpack(view: ByteView, start: int = 0) -> AudioLength | None:
    """Return the length of WavPack from all its blocks.

    If only the beginning of the file is known, the first block gives the length.
    """
    at, samples, rate, channels, first = start, 0, 0, 0, True
    told = view.number(start + 12, 4, little=True)
    while view.has(at, 32) and view.take(at, 4) == b"wvpk":
        view.step()
        size = view.number(at + 4, 4, little=True) + 8
        held, flags = view.number(at + 20, 4, little=True), view.number(at + 24, 4, little=True)
        if held and flags & _WV_FIRST:
            first = first and not samples
            samples += held
            rate = rate or _wv_rate(view, at, size, flags)
        if held and first:
            channels += 1 if flags & _WV_MONO else 2
        if size < 32:
            raise MissingBytes
        at += size
        if not view.whole and samples:
            break
    if not view.whole:
        if told == 0xFFFFFFFF:
            raise MissingBytes
        samples = told
    if not samples:
        raise UnreadSound(UnreadReason.NO_SOUND)
    return AudioLength("wavpack", micros(samples, rate), channels if view.whole else 0)


def _wv_rate(view: ByteView, block: int, size: int, flags: int) -> int:
    """Return the sample rate of a block, from the table of rates or from the block's own field.

    For DSD, the block counts bytes, so the result is bytes per second.
    """
    index, faster = flags >> 23 & 15, 0
    rate = _WV_RATES[index] if index < len(_WV_RATES) else 0
    at = block + 32
    while at + 2 <= block + size and view.has(at, 8):
        view.step()
        name, words, head = view.number(at, 1), view.number(at + 1, 1), 2
        if name & 0x80:
            words, head = view.number(at + 1, 3, little=True), 4
        if name & 0x3F == 0x27:
            rate = view.number(at + head, 3, little=True)
        elif name & 0x3F == 0x0E and flags & _WV_DSD:
            faster = view.number(at + head, 1) & 31
        at += head + 2 * words
    return rate << faster


def read_musepack(view: ByteView, start: int = 0) -> AudioLength | None:
    """Return the length of Musepack, stream versions 7 and 8."""
    if view.take(start, 3) == b"MP+":
        if view.number(start + 3, 1) & 15 != 7:
            raise UnreadSound(UnreadReason.UNSUPPORTED)
        frames, rate = view.number(start + 4, 4, little=True), view.number(start + 10, 1) & 3
        return AudioLength("mpc", micros(frames * 1152, _MPC_RATES[rate]), 2)
    at = start + 4
    while view.has(at, 3):
        view.step()
        name = view.take(at, 2)
        size, behind = _varying(view, at + 2)
        if name == b"SH":
            samples, behind = _varying(view, behind + 5)
            _silence, behind = _varying(view, behind)
            rate, channels = view.number(behind, 1) >> 5, (view.number(behind + 1, 1) >> 4) + 1
            if rate >= len(_MPC_RATES):
                return None
            return AudioLength("mpc", micros(samples, _MPC_RATES[rate]), channels)
        if size < 3:
            return None
        at += size
    return None


def _varying(view: ByteView, at: int) -> tuple[int, int]:
    """Return (a number of variable length, the position after it)."""
    value = 0
    for _ in range(9):
        byte = view.number(at, 1)
        value, at = value << 7 | byte & 0x7F, at + 1
        if not byte & 0x80:
            break
    return value, at


def read_tak(view: ByteView, start: int = 0) -> AudioLength | None:
    """Return the length of TAK from the first stream information block."""
    at = start + 4
    while view.has(at, 4):
        view.step()
        kind, size = view.number(at, 1) & 0x7F, view.number(at + 1, 3, little=True)
        if kind == 1:
            bits = view.number(at + 4, min(size, 16), little=True)
            samples, rate = bits >> 14 & ((1 << 35) - 1), (bits >> 52 & ((1 << 18) - 1)) + 6_000
            return AudioLength("tak", micros(samples, rate), (bits >> 75 & 15) + 1)
        if not kind:
            return None
        at += 4 + size
    return None


def read_dsf(view: ByteView, start: int = 0) -> AudioLength | None:
    """Return the length of DSD in Sony's DSF; each sample is one bit."""
    at = start + view.number(start + 4, 8, little=True)
    if view.take(at, 4) != b"fmt ":
        return None
    channels, rate = (view.number(at + offset, 4, little=True) for offset in (24, 28))
    samples = view.number(at + 36, 8, little=True)
    data = at + view.number(at + 4, 8, little=True)
    if channels and view.has(data, 12) and view.take(data, 4) == b"data":
        size = view.number(data + 4, 8, little=True) - 12
        size = max(0, min(size, view.total - data - 12))
        samples = max(samples, size * _DSD_BITS // channels)
    return AudioLength("dsf", micros(samples, rate), channels)


def read_dff(view: ByteView, start: int = 0) -> AudioLength | None:
    """Return the length of DSD in Philips' DSDIFF, uncompressed or compressed as DST."""
    at, rate, channels = start + 16, 0, 0
    while view.has(at, 12):
        view.step()
        name, size = view.take(at, 4), view.number(at + 4, 8)
        if name == b"PROP":
            at += 16
            continue
        if name == b"FS  ":
            rate = view.number(at + 12, 4)
        elif name == b"CHNL":
            channels = view.number(at + 12, 2)
        elif name == b"DSD " and channels:
            size = min(size, max(0, view.total - at - 12))
            return AudioLength("dff", micros(size * _DSD_BITS // channels, rate), channels)
        elif name == b"DST " and view.take(at + 12, 4) == b"FRTE":
            frames, per_second = view.number(at + 24, 4), view.number(at + 28, 2)
            return AudioLength("dff", micros(frames, per_second), channels)
        at += 12 + size + (size & 1)
    return None
