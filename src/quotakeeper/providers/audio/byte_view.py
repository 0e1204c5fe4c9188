"""The known bytes of a file: its beginning, perhaps its end, and its size."""

from __future__ import annotations

from collections.abc import Iterator
from mmap import mmap

from quotakeeper.providers.audio.unread_reasons import UnreadReason
from quotakeeper.value_classes import dataclass

Buffer = bytes | bytearray | memoryview | mmap
# The most frames, packets and boxes per reading: about 2 s of work, and more than a day of MP3.
# Reading stops there, so that metering does not delay the call.
MOST_STEPS = 4_000_000
UNTOLD = -1
_CHUNK = 1 << 20


class MissingBytes(Exception):  # noqa: N818 - never leaves this package
    """A reader needs bytes of the file that are not known."""


class UnreadSound(Exception):  # noqa: N818 - never leaves this package
    """The length of the file cannot be read; `reason` says why."""

    def __init__(self, reason: UnreadReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class AudioLength:
    """The length of the audio in a file.

    - `microseconds`: the length of the audio. If `exact` is False, this is an upper bound.
    - `channels`: the number of channels; 0 if it is unknown.
    - `film`: the length of the whole video in microseconds. It is 0 if there is only audio, and
      UNTOLD if the length is unknown.
    """

    form: str
    microseconds: int
    channels: int = 0
    exact: bool = True
    film: int = 0


class ByteView:
    """Reads bytes at any position of a file, if they are in its known beginning or end."""

    def __init__(self, head: Buffer, tail: bytes = b"", total: int | None = None) -> None:
        self.head = head
        self.tail = tail
        self.sized = total is not None
        self.total = max(len(head), total) if total is not None else len(head)
        self._tail_at = self.total - len(tail)
        self._steps = MOST_STEPS

    @property
    def whole(self) -> bool:
        """Whether every byte of the file is known."""
        return len(self.head) >= self.total

    def step(self, steps: int = 1) -> None:
        """Count the steps of a reader; raises UnreadSound if a file needs more than MOST_STEPS."""
        self._steps -= steps
        if self._steps < 0:
            raise UnreadSound(UnreadReason.TOO_MANY_PARTS)

    def take(self, start: int, size: int) -> bytes:
        """Return exactly `size` bytes; raises MissingBytes if they are not known."""
        if start < 0 or size < 0:
            raise MissingBytes
        if start + size <= len(self.head):
            return bytes(self.head[start : start + size])
        if self.tail and start >= self._tail_at and start + size <= self.total:
            at = start - self._tail_at
            return self.tail[at : at + size]
        raise MissingBytes

    def upto(self, start: int, size: int) -> bytes:
        """Return at most `size` bytes from position `start`; b"" if none is known."""
        start, size = max(0, start), max(0, size)
        if self.tail and start >= max(self._tail_at, len(self.head) - size + 1):
            at = start - self._tail_at
            return self.tail[at : at + size]
        return bytes(self.head[start : start + size])

    def has(self, start: int, size: int) -> bool:
        """Return whether `size` bytes from position `start` are known."""
        if start < 0:
            return False
        in_tail = bool(self.tail) and start >= self._tail_at and start + size <= self.total
        return start + size <= len(self.head) or in_tail

    def number(self, start: int, size: int, *, little: bool = False) -> int:
        """Return an unsigned number of `size` bytes, big-endian unless `little`. Raises
        MissingBytes.
        """
        return int.from_bytes(self.take(start, size), "little" if little else "big")

    def find(self, mark: bytes, start: int = 0, end: int | None = None) -> int:
        """Return the first position of `mark` in the known beginning, in [start, end); -1 if none."""
        for at in self.each(mark, start, end):
            return at
        return -1

    def each(self, mark: bytes, start: int = 0, end: int | None = None) -> Iterator[int]:
        """Yield all positions of `mark` in the known beginning; at most 1 MB is copied at a time."""
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
        """Return the last position of `mark` in the known parts; -1 if none."""
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
    """Return the length of some samples, to the nearest microsecond. Raises MissingBytes for rate
    0.
    """
    if rate <= 0 or samples < 0:
        raise MissingBytes
    return (samples * 1_000_000 + rate // 2) // rate
