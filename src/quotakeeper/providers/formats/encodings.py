"""Decompresses a copy of a body for the meter, with a limit on memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from quotakeeper.providers.formats.installed_decoders import Decode, decoder_for

MOST_RATIO = 100
MOST_DECODED = 16 * 1024 * 1024
_FREE = 1024 * 1024  # bytes; short answers may compress better than the ratio
_PIECE = 64 * 1024
_TRIAL = 64  # bytes that distinguish text from brotli
_GZIP = b"\x1f\x8b"


class Decoder:
    """Decompresses a body chunk by chunk. Once `opaque` is True, the decoder yields nothing more.

    A body is opaque if no installed library can decompress it (br and zstd), or if it is damaged. A
    body is also opaque if it decompresses to more than `most` bytes, or to more than `MOST_RATIO`
    times its own size. A body with an encoding header is passed on unchanged if its bytes are plain
    text.
    """

    def __init__(self, encoding: str, most: int = MOST_DECODED) -> None:
        names = [name.strip().lower() for name in encoding.split(",")]
        self._kinds = [name for name in names if name not in ("", "identity")]
        self._packed = bool(self._kinds)
        self._inflate: zlib._Decompress | None = None
        self._decode: Decode | None = None
        self._start = b""
        self._begun = self._ended = False
        self._taken = self._given = 0
        self._most = most
        self.opaque = False

    @property
    def is_packed(self) -> bool:
        """Whether the body is compressed."""
        return self._packed

    def feed(self, chunk: bytes) -> bytes:
        """Return the decompressed bytes of a chunk; may be b""."""
        return b"".join(self.pieces(chunk))

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the decompressed bytes of a chunk, at most 64 KB at a time if the body is
        compressed.
        """
        if not self._packed:
            yield chunk
            return
        if self.opaque:
            return
        if not self._begun:
            self._start += chunk
            if len(self._start) < 2 or (self._kinds == ["br"] and self._is_doubtful):
                return
        yield from self._go_on(chunk)

    def close(self) -> Iterator[bytes]:
        """Yield the bytes of a body that was too short to detect its encoding. Call this at the
        end.
        """
        if self._packed and self._start:
            yield from self._go_on(b"")

    @property
    def _is_doubtful(self) -> bool:
        """Whether the first bytes may be either text or brotli."""
        return len(self._start) < _TRIAL and _is_text(self._start)

    def _go_on(self, chunk: bytes) -> Iterator[bytes]:
        if not self._begun:
            chunk, self._start = self._start, b""
            self._begun = True
            if not self._open(chunk):
                if not self.opaque:
                    yield chunk
                return
        if self._decode is not None:
            yield from self._undo(self._decode, chunk)
        else:
            yield from self._pump(chunk)

    def _open(self, first: bytes) -> bool:
        """Choose a decoder by the header and the first bytes.

        Returns False if the body is plain text, or if no decoder is installed.
        """
        kind = self._kinds[0] if len(self._kinds) == 1 else "several"
        is_text = _is_text(first)
        if kind == "br" and not (is_text and len(first) < _TRIAL) and self._is_brotli(first):
            return True
        if is_text:
            self._packed = False  # already decompressed
        elif kind in ("gzip", "x-gzip") or first.startswith(_GZIP):
            self._packed = first.startswith(_GZIP)
            self._inflate = zlib.decompressobj(31)
        elif kind == "deflate":
            wrapped = first[0] & 15 == 8 and int.from_bytes(first[:2], "big") % 31 == 0
            self._inflate = zlib.decompressobj(15 if wrapped else -15)
        else:
            self._decode = decoder_for(kind) if kind != "br" else None
            self.opaque = self._decode is None
        return self._packed and not self.opaque

    def _is_brotli(self, first: bytes) -> bool:
        """Return whether brotli can decode the first bytes; if so, choose brotli for the whole
        body.
        """
        trial, self._decode = decoder_for("br"), decoder_for("br")
        try:
            if trial is not None:
                next(trial(first[:_TRIAL]), b"")
                return True
        except Exception:  # noqa: BLE001 - each library has its own error
            self._decode = None
        return False

    def _undo(self, decode: Decode, packed: bytes) -> Iterator[bytes]:
        self._taken += len(packed)
        pieces = decode(packed)
        while not self.opaque:
            try:
                plain = next(pieces, None)
            except Exception:  # noqa: BLE001 - each library has its own error
                self.opaque = True
                return
            if plain is None:
                return
            self._given += len(plain)
            self.opaque = self._given > self._allowed
            yield plain

    @property
    def _allowed(self) -> int:
        return min(max(_FREE, MOST_RATIO * self._taken), self._most)

    def _pump(self, pending: bytes) -> Iterator[bytes]:
        while pending and not self.opaque and self._inflate is not None:
            try:
                piece = self._inflate.decompress(pending, _PIECE)
            except zlib.error:
                self.opaque = not self._ended  # what follows a whole member is only padding
                self._inflate = None
                break
            left = self._inflate.unconsumed_tail
            if self._inflate.eof:
                left = self._inflate.unused_data
                self._inflate = zlib.decompressobj(31)
                self._ended = True
            self._taken += len(pending) - len(left)
            self._given += len(piece)
            self.opaque = self._given > self._allowed
            is_stuck = len(left) == len(pending) and not piece
            yield piece
            if is_stuck:
                break
            pending = left


def _is_text(first: bytes) -> bool:
    return first[:1] in (b"{", b"[") or first[:2] in (b"da", b"ev", b"id", b": ")


def decode_all(data: bytes, encoding: str) -> bytes | None:
    """Return a whole body decompressed; None if it cannot be decompressed."""
    decoder = Decoder(encoding)
    plain = decoder.feed(data) + b"".join(decoder.close())
    return None if decoder.opaque else plain
