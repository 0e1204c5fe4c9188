"""A file of which only parts may be there: its beginning, perhaps its end, and its size."""

from __future__ import annotations

from dataclasses import dataclass
from mmap import mmap

Buffer = bytes | bytearray | memoryview | mmap


class MissingBytes(Exception):  # noqa: N818 - never leaves this package
    """The bytes asked for are not in the part we have."""


@dataclass(frozen=True, slots=True)
class AudioLength:
    """What a header says: microseconds and channels (0: not said). `exact` False: at most that."""

    form: str
    microseconds: int
    channels: int = 0
    exact: bool = True


class ByteView:
    """Reads at any place of a file that lies in its head or its tail."""

    def __init__(self, head: Buffer, tail: bytes = b"", total: int | None = None) -> None:
        self.head = head
        self.tail = tail
        self.sized = total is not None
        self.total = max(len(head), total) if total is not None else len(head)
        self._tail_at = self.total - len(tail)

    @property
    def whole(self) -> bool:
        """Whether every byte is there."""
        return len(self.head) >= self.total

    def take(self, start: int, size: int) -> bytes:
        """Exactly `size` bytes, or MissingBytes."""
        if start < 0:
            raise MissingBytes
        if start + size <= len(self.head):
            return bytes(self.head[start : start + size])
        if self.tail and start >= self._tail_at and start + size <= self.total:
            at = start - self._tail_at
            return self.tail[at : at + size]
        raise MissingBytes

    def has(self, start: int, size: int) -> bool:
        """Whether those bytes are there."""
        if start < 0:
            return False
        in_tail = bool(self.tail) and start >= self._tail_at and start + size <= self.total
        return start + size <= len(self.head) or in_tail

    def number(self, start: int, size: int, *, little: bool = False) -> int:
        """An unsigned number, big-endian unless `little`."""
        return int.from_bytes(self.take(start, size), "little" if little else "big")

    def last_of(self, mark: bytes) -> int:
        """Where a mark stands last, -1 when it is nowhere in the parts."""
        if self.tail:
            at = self.tail.rfind(mark)
            if at >= 0:
                return self._tail_at + at
        if self.whole or not self.tail:
            head = self.head.tobytes() if isinstance(self.head, memoryview) else self.head
            return head.rfind(mark)
        return -1


def micros(samples: int, rate: int) -> int:
    """Samples at a rate -> whole microseconds, to the nearest; MissingBytes without a rate."""
    if rate <= 0 or samples < 0:
        raise MissingBytes
    return (samples * 1_000_000 + rate // 2) // rate
