"""The length of MP3: by its Xing or VBRI tag, or by its frames."""

from __future__ import annotations

from dataclasses import dataclass

from quotakeeper.providers.audio.byte_view import AudioLength, ByteView, micros
from quotakeeper.providers.audio.id3 import after_id3

_MP3_KBITS = {
    3: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MP3_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_SEARCHED = 64 * 1024
_ENCODERS = (b"LAME", b"Lavf", b"Lavc")
_ENOUGH_FRAMES = 20  # of one bit rate: the rest of a file we do not have is taken to be alike


@dataclass(frozen=True, slots=True)
class AudioFrame:
    """One MPEG layer III frame header."""

    size: int
    samples: int
    rate: int
    channels: int
    kbits: int
    tag_at: int


def mp3_frame(view: ByteView, at: int) -> AudioFrame | None:
    """The frame header at a place, or None when there is none."""
    if not view.has(at, 4):
        return None
    head = view.number(at, 4)
    version, layer = head >> 19 & 3, head >> 17 & 3
    bits, rates = head >> 12 & 15, head >> 10 & 3
    if head >> 21 != 0x7FF or version == 1 or layer != 1 or bits in (0, 15) or rates == 3:
        return None
    rate = _MP3_RATES[version][rates]
    kbits = _MP3_KBITS[3 if version == 3 else 2][bits - 1]
    samples = 1152 if version == 3 else 576
    channels = 1 if head >> 6 & 3 == 3 else 2
    size = samples // 8 * kbits * 1000 // rate + (head >> 9 & 1)
    side = (32 if channels == 2 else 17) if version == 3 else (17 if channels == 2 else 9)
    return AudioFrame(size, samples, rate, channels, kbits, at + 4 + side)


def read_mp3(view: ByteView) -> AudioLength | None:
    """MP3: by its tag when that is about the whole file, else by walking over the frames."""
    found = _first_frame(view, after_id3(view))
    if found is None:
        return None
    at, first = found
    tagged = _tagged_samples(view, first, at)
    if tagged is not None:
        return AudioLength("mp3", micros(tagged, first.rate), first.channels)
    if view.whole:
        return AudioLength("mp3", micros(_walk(view, at, first), first.rate), first.channels)
    return _by_rate(view, at, first)


def _first_frame(view: ByteView, start: int) -> tuple[int, AudioFrame] | None:
    """The first frame that is followed by another one, or by the end of the file."""
    for at in range(start, min(start + _SEARCHED, view.total)):
        frame = mp3_frame(view, at)
        if frame and (at + frame.size >= view.total or mp3_frame(view, at + frame.size)):
            return at, frame
        if not view.has(at, 1):
            return None
    return None


def _tagged_samples(view: ByteView, first: AudioFrame, at: int) -> int | None:
    """Samples by the Xing/Info tag (less the encoder's padding) or the VBRI tag, if it is right.

    Files put one behind the other keep the tag of the first: the tag's size in bytes tells.
    """
    tag = first.tag_at
    if view.has(tag, 8) and view.take(tag, 4) in (b"Xing", b"Info"):
        flags = view.number(tag + 4, 4)
        if not flags & 1 or not view.has(tag + 8, 4):
            return None
        if flags & 2 and view.has(tag + 12, 4):
            told = view.number(tag + 12, 4)
            if told and view.total - at > told + max(_SEARCHED, told // 8):
                return None
        samples = view.number(tag + 8, 4) * first.samples
        encoder = tag + 8 + 4 * (flags & 1) + 2 * (flags & 2) + 25 * (flags & 4) + (flags >> 1 & 4)
        if view.has(encoder, 24) and view.take(encoder, 4) in _ENCODERS:
            packed = view.number(encoder + 21, 3)
            samples -= (packed >> 12) + (packed & 0xFFF)
        return max(0, samples) or None
    if view.has(at + 36, 18) and view.take(at + 36, 4) == b"VBRI":
        return view.number(at + 50, 4) * first.samples or None
    return None


def _walk(view: ByteView, at: int, first: AudioFrame) -> int:
    """Samples of all frames at the first one's rate; over damage it goes on where frames go on."""
    data, end = view.head, view.total
    known: dict[int, tuple[int, int]] = {}
    samples = 0
    while at + 4 <= end:
        key = data[at] << 16 | data[at + 1] << 8 | data[at + 2]
        step = known.get(key)
        if step is None:
            frame = mp3_frame(view, at)
            if frame is None:
                following = _first_frame(view, at + 1)
                if following is None:
                    break
                at = following[0]
                continue
            step = known[key] = (frame.size, frame.samples * first.rate // frame.rate)
        at += step[0]
        samples += step[1]
    return samples


def _by_rate(view: ByteView, at: int, first: AudioFrame) -> AudioLength | None:
    """The beginning only: one bit rate throughout makes the size a length, else the least does."""
    start, least, seen = at, first.kbits, 0
    frame: AudioFrame | None = first
    constant = True
    while frame is not None:
        constant = constant and frame.kbits == first.kbits
        least = min(least, frame.kbits)
        seen += 1
        at += frame.size
        frame = mp3_frame(view, at)
    if not constant or seen < _ENOUGH_FRAMES:
        least = min(least, _MP3_KBITS[3 if first.samples == 1152 else 2][0])
    length = micros((view.total - start) * 8, least * 1000)
    return AudioLength("mp3", length, first.channels, exact=False)
