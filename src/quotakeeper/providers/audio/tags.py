"""Skips tags before, between and after audio frames: ID3, APE, Lyrics3."""

from __future__ import annotations

from quotakeeper.providers.audio.byte_view import ByteView

_ID3V1 = 128
_ENDS = ((b"LYRICSBEGIN", (b"LYRICS200", b"LYRICSEND"), 1 << 20),)


def after_id3(view: ByteView, at: int = 0) -> int:
    """Return the position after the ID3v2 tags that begin at `at`; `at` if there is none."""
    while view.has(at, 10) and view.take(at, 3) == b"ID3":
        size = view.take(at + 6, 4)
        footer = 10 if view.take(at + 5, 1)[0] & 0x10 else 0
        length = 0
        for byte in size:
            length = length << 7 | byte & 0x7F
        at += 10 + length + footer
    return at


def after_tags(view: ByteView, at: int) -> int:
    """Return the position after all tags that begin at `at`; `at` if there is none."""
    while True:
        start = view.upto(at, 32)
        mark = start[:3]
        if mark == b"ID3" and len(start) >= 10:
            behind = after_id3(view, at)
        elif mark == b"TAG":
            behind = at + _ID3V1
        elif start[:8] == b"APETAGEX" and len(start) == 32:
            behind = at + _ape_size(start)
        elif start[:11] == b"LYRICSBEGIN":
            behind = _lyrics_end(view, at)
        else:
            return at
        if behind <= at:
            return at
        at = behind


def _ape_size(start: bytes) -> int:
    """Return the size of an APE tag in bytes."""
    size, flags = int.from_bytes(start[12:16], "little"), int.from_bytes(start[20:24], "little")
    return 32 + size if flags >> 29 & 1 else 32


def _lyrics_end(view: ByteView, at: int) -> int:
    for begin, ends, most in _ENDS:
        piece = view.upto(at, most)
        found = [piece.find(end) for end in ends if piece.find(end) >= 0]
        if piece.startswith(begin) and found:
            return at + min(found) + 9
    return at
