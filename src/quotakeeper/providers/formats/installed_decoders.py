"""Decompresses Brotli and Zstandard with a library that is installed with the user's program."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

Decode = Callable[[bytes], Iterator[bytes]]  # yields what the next bytes decode to, piece by piece
_MOST_PIECE = 64 * 1024
# A library without an output limit gets so few bytes at a time that it returns at most 16 MB.
_BROTLI_SLICE, _ZSTD_SLICE = 8, 256
_BROTLI = ("brotli", "brotlicffi")
_ZSTD = ("compression.zstd", "backports.zstd", "zstandard")


def decoder_for(kind: str) -> Decode | None:
    """Return a function that decompresses `kind` ("br" or "zstd"); None if no library is installed.

    The returned function raises the library's own error for damaged bytes.
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
    while piece:  # `can_accept_more_data` can be true while output is waiting
        yield piece
        piece = decode(b"", output_buffer_limit=_MOST_PIECE)


def _slices(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


class _Zstd:
    """Decompresses a sequence of Zstandard frames."""

    def __init__(self) -> None:
        self._kind = _installed(_ZSTD).ZstdDecompressor
        self._frame = self._begun()

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield the decompressed bytes of a chunk."""
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
