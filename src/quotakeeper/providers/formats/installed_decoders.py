"""Brotli and Zstandard, by the library that the program has: an answer comes so only where it asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

Decode = Callable[[bytes], Iterator[bytes]]  # what the next bytes bring, piece by piece
_MOST_PIECE = 64 * 1024
# Where a library has no limit for what it gives, it gets so little that it gives 16 MB at most.
_BROTLI_SLICE, _ZSTD_SLICE = 8, 256
_BROTLI = ("brotli", "brotlicffi")
_ZSTD = ("compression.zstd", "backports.zstd", "zstandard")


def decoder_for(kind: str) -> Decode | None:
    """What undoes "br" or "zstd", piece by piece; None where the program has no library for it.

    It raises whatever the library does where the bytes are no such encoding.
    """
    try:
        if kind == "br":
            return _brotli()
        return _Zstd().decode if kind == "zstd" else None
    except (AttributeError, ImportError):
        return None


def _installed(names: tuple[str, ...]) -> Any:
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    raise ImportError(names[0])


def _brotli() -> Decode:
    made = _installed(_BROTLI).Decompressor()
    if hasattr(made, "can_accept_more_data"):  # Brotli 1.2, brotlicffi 1.2
        return lambda data: _within(made, data)
    decode = getattr(made, "process", None) or made.decompress
    return lambda data: map(decode, _slices(data, _BROTLI_SLICE))


def _within(made: Any, data: bytes) -> Iterator[bytes]:
    decode = getattr(made, "process", None) or made.decompress
    piece = decode(data, output_buffer_limit=_MOST_PIECE)
    while piece:  # `can_accept_more_data` may say yes while there is more to give
        yield piece
        piece = decode(b"", output_buffer_limit=_MOST_PIECE)


def _slices(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


class _Zstd:
    """Frames, one after the other."""

    def __init__(self) -> None:
        self._kind = _installed(_ZSTD).ZstdDecompressor
        self._frame = self._begun()

    def decode(self, data: bytes) -> Iterator[bytes]:
        """The decoded bytes that these bring."""
        for each in _slices(data, _ZSTD_SLICE):
            left = each
            while left:
                if self._frame.eof:
                    self._frame = self._begun()
                yield self._frame.decompress(left)
                left = self._frame.unused_data if self._frame.eof else b""

    def _begun(self) -> Any:
        made = self._kind()
        return made.decompressobj() if hasattr(made, "decompressobj") else made
