"""Reads the length of AMR, narrowband and wideband."""

from __future__ import annotations

from quotakeeper.providers.audio.byte_view import AudioLength, ByteView

_NARROW = (12, 13, 15, 17, 19, 20, 26, 31, 5, 6, 5, 5, 0, 0, 0, 0)
_WIDE = (17, 23, 32, 36, 40, 46, 50, 58, 60, 5, 5, 0, 0, 0, 0, 0)
_FRAME = 20_000  # microseconds


def read_amr(view: ByteView, start: int = 0) -> AudioLength | None:
    """Return the length of AMR: each frame lasts 20 ms. None if only a part of the file is known."""
    wide = view.take(start, 9) == b"#!AMR-WB\n"
    if not wide and view.take(start, 6) != b"#!AMR\n":
        return None
    sizes = _WIDE if wide else _NARROW
    at, frames = start + (9 if wide else 6), 0
    if not view.whole:
        return None
    data, end = view.head, view.total
    while at < end:
        view.step()
        at += 1 + sizes[data[at] >> 3 & 15]
        frames += 1
    return AudioLength("amr", frames * _FRAME, 1)
