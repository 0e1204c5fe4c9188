"""Undoes a content encoding for the meter's own copy, with a cap: a bomb must not hurt the host."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

MOST_RATIO = 100
MOST_DECODED = 16 * 1024 * 1024
_FREE = 1024 * 1024  # short answers may repeat themselves more than that
_PIECE = 64 * 1024
_GZIP = b"\x1f\x8b"


class Decoder:
    """Decodes a body piece by piece. Once `opaque`, it yields nothing more.

    Opaque is what we cannot read (br, zstd), what is damaged, and what has, decoded, more than
    `most` bytes or `MOST_RATIO` times its own. A body that says gzip but isn't was decoded before us.
    """

    def __init__(self, encoding: str, most: int = MOST_DECODED) -> None:
        names = [name.strip().lower() for name in encoding.split(",")]
        self._kinds = [name for name in names if name not in ("", "identity")]
        self._packed = bool(self._kinds)
        self._inflate: zlib._Decompress | None = None
        self._start = b""
        self._begun = self._ended = False
        self._taken = self._given = 0
        self._most = most
        self.opaque = False

    @property
    def is_packed(self) -> bool:
        """Whether the bytes that pass are not the text itself."""
        return self._packed

    def feed(self, chunk: bytes) -> bytes:
        """The decoded bytes that these bring, perhaps none."""
        return b"".join(self.pieces(chunk))

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """The decoded bytes that these bring; of a packed body, 64 KB at most at a time."""
        if not self._packed:
            yield chunk
            return
        if self.opaque:
            return
        if not self._begun:
            self._start += chunk
            if len(self._start) < 2:
                return
            chunk, self._start = self._start, b""
            self._begun = True
            if not self._open(chunk):
                if not self.opaque:
                    yield chunk
                return
        yield from self._pump(chunk)

    def _open(self, first: bytes) -> bool:
        """Whether the bytes are to be inflated, by what is said and what they begin with."""
        kind = self._kinds[0] if len(self._kinds) == 1 else "several"
        if first[:1] in (b"{", b"[") or first[:2] in (b"da", b"ev", b"id", b": "):
            self._packed = False  # decoded before us
        elif kind in ("gzip", "x-gzip") or first.startswith(_GZIP):
            self._packed = first.startswith(_GZIP)
            self._inflate = zlib.decompressobj(31)
        elif kind == "deflate":
            wrapped = first[0] & 15 == 8 and int.from_bytes(first[:2], "big") % 31 == 0
            self._inflate = zlib.decompressobj(15 if wrapped else -15)
        else:
            self.opaque = True
        return self._packed and not self.opaque

    def _pump(self, pending: bytes) -> Iterator[bytes]:
        while pending and not self.opaque and self._inflate is not None:
            try:
                piece = self._inflate.decompress(pending, _PIECE)
            except zlib.error:
                self.opaque = not self._ended  # after a whole member, it is only padding
                self._inflate = None
                break
            left = self._inflate.unconsumed_tail
            if self._inflate.eof:
                left = self._inflate.unused_data
                self._inflate = zlib.decompressobj(31)
                self._ended = True
            self._taken += len(pending) - len(left)
            self._given += len(piece)
            allowed = max(_FREE, MOST_RATIO * self._taken)
            self.opaque = self._given > min(allowed, self._most)
            is_stuck = len(left) == len(pending) and not piece
            yield piece
            if is_stuck:
                break
            pending = left


def decode_all(data: bytes, encoding: str) -> bytes | None:
    """A whole body decoded, or None when it cannot be read."""
    decoder = Decoder(encoding)
    plain = decoder.feed(data)
    return None if decoder.opaque else plain
