"""Reads the channels of an MP4 or MOV audio track from the codec's configuration."""

from __future__ import annotations

from quotakeeper.providers.audio.aac import aac_config
from quotakeeper.providers.audio.ac3 import ac3_channels
from quotakeeper.providers.audio.byte_view import ByteView
from quotakeeper.providers.audio.mp4_boxes import Box, boxes

_ENTRY = 28  # bytes of an audio entry after the box's header
_MORE = {0: 0, 1: 16, 2: 36}  # more bytes, by QuickTime's version of the entry
_MONO = (b"samr", b"sawb", b"sawp", b"sevc", b"sqcp", b"Qclp", b"agsm")
_CONFIGS = (b"esds", b"dac3", b"dec3", b"dOps", b"dfLa", b"alac")
_STREAM, _DECODER, _SPECIFIC = 3, 4, 5  # tags of descriptors (ISO/IEC 14496-1, 7.2.2.1)
_AAC = (0x40, 0x66, 0x67, 0x68)


def sound_entry(view: ByteView, stsd: Box) -> tuple[bytes, int]:
    """Return (the codec's name, its channels) from the first entry of an stsd box.

    0 channels means unknown; the name is b"" if there is no entry.
    """
    for entry in boxes(view, stsd.start + 8, stsd.end):
        if not view.has(entry.start, _ENTRY):
            break
        if entry.name in _MONO:
            return entry.name, 1
        version, told = view.number(entry.start + 8, 2), view.number(entry.start + 16, 2)
        if version == 2 and view.has(entry.start + 40, 4):
            told = view.number(entry.start + 40, 4)
        inside = entry.start + _ENTRY + _MORE.get(version, 0)
        told = told if told <= 64 else 0
        return entry.name, _by_codec(view, inside, entry.end) or told
    return b"", 0


def _by_codec(view: ByteView, start: int, end: int) -> int:
    for box in boxes(view, start, end):
        if box.name == b"wave":
            found = _by_codec(view, box.start, box.end)
        elif box.name in _CONFIGS:
            found = _configured(box.name, view.take(box.start, min(box.end - box.start, 4_096)))
        else:
            continue
        if found:
            return found
    return 0


def _configured(name: bytes, data: bytes) -> int:
    if name == b"esds":
        return _described(data[4:])
    if name == b"dac3" and len(data) >= 3:
        packed = int.from_bytes(data[:3], "big")
        return ac3_channels(packed >> 11, packed >> 10)
    if name == b"dec3" and len(data) >= 5:
        packed = int.from_bytes(data[2:5], "big")
        return ac3_channels(packed >> 9, packed >> 8)
    if name == b"dOps" and len(data) >= 2:
        return data[1]
    if name == b"dfLa" and len(data) >= 26:
        return (int.from_bytes(data[18:26], "big") >> 41 & 7) + 1
    if name == b"alac" and len(data) >= 14:
        return data[13]
    return 0


def _described(data: bytes) -> int:
    """Return the channels in the AAC configuration inside an esds box; 0 if there is none."""
    tag, inside = _descriptor(data)
    if tag == _STREAM:
        skipped = 3
        flags = inside[2] if len(inside) > 2 else 0
        skipped += 2 * (flags >> 7) + 2 * (flags >> 5 & 1)
        if flags >> 6 & 1 and len(inside) > skipped:
            skipped += 1 + inside[skipped]
        tag, inside = _descriptor(inside[skipped:])
    if tag != _DECODER or len(inside) < 15 or inside[0] not in _AAC:
        return 0
    tag, config = _descriptor(inside[13:])
    found = aac_config(config) if tag == _SPECIFIC else None
    return found.channels if found else 0


def _descriptor(data: bytes) -> tuple[int, bytes]:
    """Return (tag, content) of the first descriptor in `data`."""
    at, size = 1, 0
    while at < len(data) and at <= 4:
        size = size << 7 | data[at] & 0x7F
        at += 1
        if not data[at - 1] & 0x80:
            break
    return (data[0], data[at : at + size]) if data else (0, b"")
