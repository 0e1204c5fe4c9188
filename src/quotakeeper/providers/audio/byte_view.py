"""A file of which only parts may be there: its beginning, perhaps its end, and its size."""

from __future__ import annotations

from collections.abc import Iterator
from mmap import mmap

from quotakeeper.providers.audio.unread_reasons import UnreadReason
from quotakeeper.value_classes import dataclass

Buffer = bytes | bytearray | memoryview | mmap
# Frames, packets and boxes that one reading looks at: about two seconds of work, and more than a
# day of MP3. A file that has more is read no further, so that no call waits for its own metering.
MOST_STEPS = 4_000_000
UNTOLD = -1
_CHUNK = 1 << 20


class MissingBytes(Exception):  # noqa: N818 - never leaves this package
    """The bytes asked for are not in the part we have."""


class UnreadSound(Exception):  # noqa: N818 - never leaves this package
    """The length of a file cannot be told, for a reason that its bytes show."""

    def __init__(self, reason: UnreadReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class AudioLength:
    """What a file says: microseconds and channels (0: not said). `exact` False: at most that.

    `film` is how long the whole film plays, in microseconds; 0: sound alone, UNTOLD: not known.
    """

    form: str
    microseconds: int
    channels: int = 0
    exact: bool = True
    film: int = 0


class ByteView:
    """Reads at any place of a file that lies in its head or its tail."""

    def __init__(self, head: Buffer, tail: bytes = b"", total: int | None = None) -> None:
        self.head = head
        self.tail = tail
        self.sized = total is not None
        self.total = max(len(head), total) if total is not None else len(head)
        self._tail_at = self.total - len(tail)
        self._steps = MOST_STEPS

    @property
    def whole(self) -> bool:
        """Whether every byte is there."""
        return len(self.head) >= self.total

    def step(self, steps: int = 1) -> None:
        """Count work; UnreadSound once the file has more frames or boxes than one reading takes."""
        self._steps -= steps
        if self._steps < 0:
            raise UnreadSound(UnreadReason.TOO_MANY_PARTS)

    def take(self, start: int, size: int) -> bytes:
        """Exactly `size` bytes, or MissingBytes."""
        if start < 0 or size < 0:
            raise MissingBytes
        if start + size <= len(self.head):
            return bytes(self.head[start : start + size])
        if self.tail and start >= self._tail_at and start + size <= self.total:
            at = start - self._tail_at
            return self.tail[at : at + size]
        raise MissingBytes

    def upto(self, start: int, size: int) -> bytes:
        """At most `size` bytes from a place; b"" where none of them is there."""
        start, size = max(0, start), max(0, size)
        if self.tail and start >= max(self._tail_at, len(self.head) - size + 1):
            at = start - self._tail_at
            return self.tail[at : at + size]
        return bytes(self.head[start : start + size])

    def has(self, start: int, size: int) -> bool:
        """Whether those bytes are there."""
        if start < 0:
            return False
        in_tail = bool(self.tail) and start >= self._tail_at and start + size <= self.total
        return start + size <= len(self.head) or in_tail

    def number(self, start: int, size: int, *, little: bool = False) -> int:
        """An unsigned number, big-endian unless `little`."""
        return int.from_bytes(self.take(start, size), "little" if little else "big")

    def find(self, mark: bytes, start: int = 0, end: int | None = None) -> int:
        """Where a mark stands first in the head, from `start` and before `end`; -1 if nowhere."""
        for at in self.each(mark, start, end):
            return at
        return -1

    def each(self, mark: bytes, start: int = 0, end: int | None = None) -> Iterator[int]:
        """All places of a mark in the head. It copies a piece of the head at a time."""
        stop = min(len(self.head), self.total if end is None else end)
        at = max(0, start)
        while at < stop:
            piece = bytes(self.head[at : min(at + _CHUNK + len(mark) - 1, stop)])
            found = piece.find(mark)
            while found >= 0:
                self.step()
                yield at + found
                found = piece.find(mark, found + 1)
            at += _CHUNK

    def last_of(self, mark: bytes) -> int:
        """Where a mark stands last, -1 when it is nowhere in the parts."""
        if self.tail:
            at = self.tail.rfind(mark)
            if at >= 0:
                return self._tail_at + at
        if not self.whole and self.tail:
            return -1
        stop = len(self.head)
        while stop > 0:
            start = max(0, stop - _CHUNK)
            found = bytes(self.head[start : stop + len(mark) - 1]).rfind(mark)
            if found >= 0:
                return start + found
            stop = start
        return -1


def micros(samples: int, rate: int) -> int:
    """Samples at a rate -> whole microseconds, to the nearest; MissingBytes without a rate."""
    if rate <= 0 or samples < 0:
        raise MissingBytes
    return (samples * 1_000_000 + rate // 2) // rate
