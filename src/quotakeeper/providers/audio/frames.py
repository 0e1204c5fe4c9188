"""Reads audio that is a sequence of frames: MPEG layers I to III, AAC in ADTS, AC-3 and E-AC-3.

The reader goes from frame to frame and skips tags, pictures and damage between frames. So all
frames of joined files are counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from quotakeeper.providers.audio.byte_view import ByteView, MissingBytes, micros
from quotakeeper.providers.audio.tags import after_tags
from quotakeeper.value_classes import dataclass, field

_PIECE = 1 << 16
_ALIKE = 4  # so many frames in sequence make a codec certain
_ENOUGH_AT_THE_START = 2


@dataclass(frozen=True, slots=True)
class Frame:
    """The header of one frame. `kind` is equal for all frames of a stream; `size` is in bytes."""

    size: int
    samples: int
    rate: int
    channels: int
    kind: int


@dataclass(frozen=True, slots=True)
class FrameCodec:
    """How to find a codec's frames.

    `parse` receives from `header` to `peek` bytes, and returns None if they are not a frame header.
    `sync` matches the first bytes of a frame.
    """

    form: str
    header: int
    peek: int
    sync: re.Pattern[bytes]
    parse: Callable[[bytes], Frame | None]


@dataclass(slots=True)
class FrameCount:
    """The number of counted frames, and the number of their samples by sample rate."""

    samples: dict[int, int] = field(default_factory=dict)
    frames: int = 0
    first: Frame | None = None

    def add(self, frame: Frame) -> None:
        """Count one frame."""
        if self.first is None or (not self.first.channels and frame.channels):
            self.first = frame
        self.frames += 1
        self.samples[frame.rate] = self.samples.get(frame.rate, 0) + frame.samples

    @property
    def microseconds(self) -> int:
        """The total length of the counted frames, in microseconds."""
        return sum(micros(samples, rate) for rate, samples in self.samples.items())

    def less(self, samples: int, rate: int) -> None:
        """Subtract `samples` at the sample rate `rate`, if more samples than this were counted."""
        if samples < self.samples.get(rate, 0):
            self.samples[rate] -= samples

    @property
    def channels(self) -> int:
        """The channels of the first frame; 0 if unknown."""
        return self.first.channels if self.first else 0


def frame_at(view: ByteView, at: int, codec: FrameCodec) -> Frame | None:
    """Return the frame whose header is at position `at`; None if there is none."""
    head = view.upto(at, codec.peek)
    return codec.parse(head) if len(head) >= codec.header else None


def first_frame(
    view: ByteView, start: int, until: int, codec: FrameCodec, end: int
) -> tuple[int, Frame] | None:
    """Return (position, frame) of the first frame between `start` and `until`; None if there is
    none.

    A frame counts only if more frames of the same kind follow, so that chance matches are excluded.
    """
    at = start
    until = min(until, end, len(view.head))
    while at < until:
        piece = view.upto(at, min(_PIECE, until - at) + codec.peek)
        for match in codec.sync.finditer(piece):
            view.step()
            place = at + match.start()
            frame = frame_at(view, place, codec) if place < until else None
            if frame and _followed(view, place, frame, codec, end, start):
                return place, frame
        at += _PIECE
    return None


def _followed(
    view: ByteView, at: int, frame: Frame, codec: FrameCodec, end: int, start: int
) -> bool:
    """Return whether enough frames of one kind follow each other from position `at`.

    Fewer frames are enough if the frames reach the end of the file or of its known part.
    """
    seen, place = 1, at + frame.size
    while seen < _ALIKE:
        if place >= end or after_tags(view, place) > place:
            ends_here = place <= end
            return seen >= _ENOUGH_AT_THE_START or (at == start and ends_here)
        following = frame_at(view, place, codec)
        if following is None:
            missing = not view.has(place, codec.header)  # the end of the file, or of a known part
            return missing and seen >= _ENOUGH_AT_THE_START
        if following.kind != frame.kind:
            return False
        seen, place = seen + 1, place + following.size
    return True


def walk_frames(view: ByteView, at: int, codec: FrameCodec, end: int | None = None) -> FrameCount:
    """Count all frames from `at` to `end`, and skip everything between frames."""
    end = min(len(view.head), view.total if end is None else end)
    head, parse, size, peek = view.head, codec.parse, codec.header, codec.peek
    count, kind = FrameCount(), -1
    while at + size <= end:
        view.step()
        frame = parse(bytes(head[at : at + peek]))
        if frame is not None and frame.kind == kind:
            count.add(frame)
            at += frame.size
            continue
        behind = after_tags(view, at)
        if behind > at:
            at = behind
            continue
        found = first_frame(view, at, end, codec, end)
        if found is None:
            break
        at, kind = found[0], found[1].kind
    return count


class StreamedFrames:
    """Counts the frames of a stream whose bytes arrive in packets, as in MPEG-TS and AVI."""

    def __init__(self, codec: FrameCodec) -> None:
        self.count = FrameCount()
        self._codec = codec
        self._rest = b""
        self._skip = 0

    def feed(self, data: bytes) -> None:
        """Add the next bytes of the stream."""
        if self._skip >= len(data):
            self._skip -= len(data)
            return
        data = self._rest + data[self._skip :]
        at, header, peek = 0, self._codec.header, self._codec.peek
        while at + header <= len(data):
            frame = self._codec.parse(data[at : at + peek])
            if frame is not None:
                self.count.add(frame)
                at += frame.size
                continue
            match = self._codec.sync.search(data, at + 1)
            at = match.start() if match else len(data) - header + 1
        self._skip, self._rest = max(0, at - len(data)), data[at:]


def frames_within(view: ByteView, start: int, end: int, codec: FrameCodec) -> FrameCount:
    """Count the frames between two positions of a file. Raises MissingBytes if any byte is unknown."""
    if not view.has(start, max(0, min(end, view.total) - start)):
        raise MissingBytes
    return walk_frames(view, start, codec, end)
