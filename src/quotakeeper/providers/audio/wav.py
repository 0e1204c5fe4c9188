"""Reads the length of WAV, RF64, BW64 and W64, and the WAVEFORMATEX structure of AVI and ASF."""

from __future__ import annotations

from quotakeeper.providers.audio.aac import ADTS
from quotakeeper.providers.audio.ac3 import AC3
from quotakeeper.providers.audio.byte_view import AudioLength, ByteView, micros
from quotakeeper.providers.audio.frames import FrameCodec, FrameCount, frames_within
from quotakeeper.providers.audio.mp3 import MPEG
from quotakeeper.value_classes import dataclass

_UNKNOWN = (0, 0xFFFFFFFF)
PCM, _MS_ADPCM, _IMA_ADPCM, _GSM = 1, 2, 0x11, 0x31
_BY_BLOCKS = (PCM, 3, 6, 7)  # PCM, float, A-law, mu-law: a block is a sample
_EXTENSIBLE = 0xFFFE
# Bits per sample of Yamaha's ADPCM, and of G.721 to G.726.
_BY_BITS = (0x20, 0x40, 0x45, 0x64, 0x14)
FRAMED: dict[int, FrameCodec] = {0x50: MPEG, 0x55: MPEG, 0x2000: AC3, 0x1600: ADTS}
_W64 = bytes.fromhex("2e91cf11a5d628db04c10000")  # the common ending of most of W64's GUIDs


@dataclass(frozen=True, slots=True)
class WaveFormat:
    """The fields of a WAVEFORMATEX.

    `packed` is the number of samples per block of ADPCM or GSM; 0 for other formats.
    """

    kind: int = 0
    channels: int = 0
    rate: int = 0
    per_second: int = 0
    block: int = 0
    bits: int = 0
    packed: int = 0

    @property
    def is_plain(self) -> bool:
        """Whether each block holds exactly one sample of every channel."""
        return self.kind in _BY_BLOCKS and self.block > 0

    def length(self, size: int) -> int | None:
        """Return the length of `size` bytes of audio, in microseconds.

        Returns None if the format has no fixed number of bytes per sample.
        """
        if self.is_plain:
            return micros(size // self.block, self.rate)
        if self.packed and self.block:
            return micros(-(-size // self.block) * self.packed, self.rate)
        if self.kind in _BY_BITS and self.bits and self.channels:
            return micros(8 * size // (self.bits * self.channels), self.rate)
        return None


def wave_format(view: ByteView, at: int, size: int) -> WaveFormat:
    """Read a WAVEFORMATEX of `size` bytes."""
    sizes = ((0, 2), (2, 2), (4, 4), (8, 4), (12, 2))
    kind, channels, rate, per_second, block = (
        view.number(at + offset, width, little=True) for offset, width in sizes
    )
    bits = view.number(at + 14, 2, little=True) if size >= 16 and view.has(at + 14, 2) else 0
    packed = 0
    if kind == _EXTENSIBLE and size >= 26 and view.has(at + 24, 2):
        kind = view.number(at + 24, 2, little=True)
    if kind in (_MS_ADPCM, _IMA_ADPCM, _GSM):
        if size >= 20 and view.has(at + 18, 2):
            packed = view.number(at + 18, 2, little=True)
        packed = _packed(kind, channels, block) or packed
    return WaveFormat(kind, channels, rate, per_second, block, bits, packed)


def _packed(kind: int, channels: int, block: int) -> int:
    """Return the samples in a block, computed from the block's size as decoders do; 0 if unknown."""
    if not channels:
        return 0
    if kind == _MS_ADPCM:
        return max(0, (block - 7 * channels) * 2 // channels + 2)
    if kind == _IMA_ADPCM:
        return max(0, (block - 4 * channels) * 2 // channels + 1)
    return 320 if block == 65 else 0


def read_wav(view: ByteView, start: int = 0) -> AudioLength | None:
    """Return the length of WAV, RF64 or BW64; None if there is no audio data.

    If the header states no size (a stream) or the file is cut, the file's own size counts.
    """
    at = start + 12
    sound = WaveFormat()
    samples = wide = 0
    while view.has(at, 8):
        view.step()
        name, size = view.take(at, 4), view.number(at + 4, 4, little=True)
        if name == b"fmt ":
            sound = wave_format(view, at + 8, size)
        elif name == b"ds64":
            wide = view.number(at + 16, 8, little=True)
        elif name == b"fact" and size >= 4:
            samples = view.number(at + 8, 4, little=True)
        elif name == b"data":
            there = max(0, view.total - at - 8)
            size = wide if wide and size == 0xFFFFFFFF else size
            size = there if size in _UNKNOWN else min(size, there)
            return _of_data(view, sound, at + 8, size, samples)
        at += 8 + size + (size & 1)
    return None


def read_w64(view: ByteView, start: int = 0) -> AudioLength | None:
    """Return the length of Sony's W64; None if there is no audio data.

    W64 names its chunks by GUIDs, and a chunk's size includes its header.
    """
    at, sound, samples = start + 40, WaveFormat(), 0
    while view.has(at, 24):
        view.step()
        name, size = view.take(at, 4), view.number(at + 16, 8, little=True)
        if name == b"fmt ":
            sound = wave_format(view, at + 24, size - 24)
        elif name == b"fact":
            samples = view.number(at + 24, 8, little=True)
        elif name == b"data":
            there = max(0, view.total - at - 24)
            size = there if size <= 24 or size - 24 > there else size - 24
            return _of_data(view, sound, at + 24, size, samples)
        if size < 24:
            return None
        at += -(-size // 8) * 8
    return None


def _of_data(
    view: ByteView, sound: WaveFormat, at: int, size: int, samples: int
) -> AudioLength | None:
    length = sound.length(size)
    if length is not None:
        return AudioLength("wav", length, sound.channels)
    codec = FRAMED.get(sound.kind)
    if codec is not None and view.whole:
        count: FrameCount = frames_within(view, at, at + size, codec)
        if count.frames:
            return AudioLength("wav", count.microseconds, count.channels or sound.channels)
    if samples and samples != 0xFFFFFFFF:
        return AudioLength("wav", micros(samples, sound.rate), sound.channels)
    return AudioLength("wav", micros(size, sound.per_second), sound.channels, exact=False)


def is_w64(start: bytes) -> bool:
    """Return whether a file begins with the signature of W64."""
    return start[:4] == b"riff" and start[4:16] == _W64
