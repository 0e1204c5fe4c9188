"""ID3v2 tags, which stand in front of MP3, AAC and FLAC."""

from __future__ import annotations

from quotakeeper.providers.audio.byte_view import ByteView


def after_id3(view: ByteView) -> int:
    """Where a file begins behind its ID3v2 tags."""
    at = 0
    while view.has(at, 10) and view.take(at, 3) == b"ID3":
        size = view.take(at + 6, 4)
        footer = 10 if view.take(at + 5, 1)[0] & 0x10 else 0
        length = 0
        for byte in size:
            length = length << 7 | byte & 0x7F
        at += 10 + length + footer
    return at
