"""Sound files made byte by byte: only headers and silent frames."""

from __future__ import annotations

import io
import struct
import wave
from collections.abc import Sequence


def wav(seconds: float, *, rate: int = 8_000, channels: int = 1) -> bytes:
    """A WAV file: PCM, 16 bits."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"\0" * (2 * channels * int(seconds * rate)))
    return out.getvalue()


def flac(samples: int, rate: int = 44_100, channels: int = 2) -> bytes:
    """A FLAC file: STREAMINFO and random bytes."""
    packed = rate << 44 | (channels - 1) << 41 | 15 << 36 | samples
    info = struct.pack(">HH6x", 4096, 4096) + packed.to_bytes(8, "big") + bytes(16)
    return b"fLaC" + b"\x80" + len(info).to_bytes(3, "big") + info + b"\xff\xf8" * 500


def _crc(data: bytes, polynomial: int, bits: int) -> int:
    value, top = 0, 1 << (bits - 1)
    for byte in data:
        value ^= byte << (bits - 8)
        for _ in range(8):
            value = (value << 1 ^ (polynomial if value & top else 0)) & ((1 << bits) - 1)
    return value


def piped_flac(frames: int, last: int) -> bytes:
    """FLAC whose header states no length: mono, 16 kHz, frames of 4,096 samples except the last."""
    packed = 16_000 << 44 | 0 << 41 | 15 << 36
    info = struct.pack(">HH6x", 4096, 4096) + packed.to_bytes(8, "big") + bytes(16)
    out = b"fLaC\x80" + len(info).to_bytes(3, "big") + info
    for number in range(frames):
        size = last if number == frames - 1 else 4096
        head = b"\xff\xf8\x75\x08" + bytes([number]) + (size - 1).to_bytes(2, "big")
        frame = head + bytes([_crc(head, 0x07, 8)]) + b"\0\0\0"
        out += frame + _crc(frame, 0x8005, 16).to_bytes(2, "big")
    return out


def mp3_frame(kbits_index: int = 9, *, mono: bool = False) -> bytes:
    """A frame of MPEG 1 layer III at 44.1 kHz; index 9 means 128 kbit/s."""
    kbits = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160)[kbits_index]
    head = bytes([0xFF, 0xFB, kbits_index << 4, 0xC0 if mono else 0x00])
    return head + bytes(144 * kbits * 1000 // 44_100 - 4)


def xing(frames: int, size: int) -> bytes:
    """A first frame with a Xing tag, which states the number of frames and bytes that follow."""
    frame = bytearray(mp3_frame())
    frame[36:52] = b"Xing" + struct.pack(">III", 3, frames, size)
    return bytes(frame)


def vbri(frames: int) -> bytes:
    """A first frame with a VBRI tag, which states the same."""
    frame = bytearray(mp3_frame())
    frame[36:54] = b"VBRI" + bytes(10) + struct.pack(">I", frames)
    return bytes(frame)


def adts(frames: int) -> bytes:
    """AAC at 44.1 kHz, stereo, 200 bytes a frame."""
    size = 200
    head = 0xFFF << 44 | 1 << 40 | 1 << 38 | 4 << 34 | 2 << 30 | size << 13 | 0x7FF << 2
    return (head.to_bytes(7, "big") + bytes(size - 7)) * frames


def ogg_page(serial: int, granule: int, *packets: bytes, first: bool = False) -> bytes:
    """An Ogg page with whole packets."""
    data = b"".join(packets)
    lengths = [n for p in packets for n in [255] * (len(p) // 255) + [len(p) % 255]]
    head = struct.pack("<4sBBqIII", b"OggS", 0, 2 if first else 0, granule, serial, 0, 0)
    return head + bytes([len(lengths)]) + bytes(lengths) + data


_SILK = b"\x08\x01\x02\x03"  # a packet of 20 milliseconds


def opus_head(serial: int, channels: int = 1) -> bytes:
    """The first page of an Opus stream."""
    head = b"OpusHead" + struct.pack("<BBHIHB", 1, channels, 312, 48_000, 0, 0)
    return ogg_page(serial, 0, head, first=True)


def opus(seconds: float, serial: int = 1, channels: int = 1, *, late: int = 0) -> bytes:
    """Ogg Opus; 312 samples are skipped at the start. `late` is the position of the first sample."""
    pages = [opus_head(serial, channels), ogg_page(serial, 0, b"OpusTags" + bytes(20))]
    total = int(seconds * 48_000) + 312
    pages += [
        ogg_page(serial, late + min(at, total), *[_SILK] * 50)
        for at in range(48_000, total + 48_000, 48_000)
    ]
    return b"".join(pages)


def vorbis(seconds: float, *, late: int = 0) -> bytes:
    """Ogg Vorbis at 44.1 kHz, stereo; every block has 2,048 samples."""
    head = b"\x01vorbis" + struct.pack("<IBI", 0, 2, 44_100) + bytes(12) + b"\xb8\1"
    pages, total = [ogg_page(7, 0, head, first=True)], int(seconds * 44_100)
    for at in range(50_176, total + 50_176, 50_176):
        pages.append(
            ogg_page(7, late + min(at, total), *[bytes(30)] * (50 if at == 50_176 else 49))
        )
    return b"".join(pages)


def box(name: bytes, *inner: bytes) -> bytes:
    """An MP4 box."""
    data = b"".join(inner)
    return struct.pack(">I4s", len(data) + 8, name) + data


def esds(decoder: bytes, configuration: int) -> bytes:
    """The box that describes AAC: `decoder` is the 13 bytes of its DecoderConfigDescriptor."""
    config = decoder + b"\x05\x02" + configuration.to_bytes(2, "big")
    stream = b"\0\0\0\x04" + bytes([len(config)]) + config
    return box(b"esds", bytes(4) + b"\x03" + bytes([len(stream)]) + stream)


_AAC = esds(b"\x40" + bytes(12), 2 << 11 | 4 << 7 | 1 << 3)


def _trak(
    number: int, kind: bytes, plays: int, media: int, scale: int, *, name: bytes = b"mp4a",
    configuration: bytes = _AAC, edits: Sequence[tuple[int, int]] = (), samples: int = 0,
) -> bytes:  # fmt: skip
    tkhd = box(b"tkhd", struct.pack(">IIIIII", 0, 0, 0, number, 0, plays), bytes(60))
    mdhd = box(b"mdhd", struct.pack(">IIIIII", 0, 0, 0, scale, media, 0))
    hdlr = box(b"hdlr", bytes(8) + kind + bytes(12))
    sound = struct.pack(">HHHHI", 2, 16, 0, 0, 0)
    entry = box(name, bytes(6), b"\0\1", bytes(8), sound, configuration)
    stsd = box(b"stsd", struct.pack(">II", 0, 1), entry)
    stts = box(b"stts", struct.pack(">IIII", 0, 1, samples, 1024)) if samples else b""
    rows = b"".join(struct.pack(">IiI", length, start, 1 << 16) for length, start in edits)
    edts = box(b"edts", box(b"elst", struct.pack(">II", 0, len(edits)), rows)) if edits else b""
    minf = box(b"minf", box(b"stbl", stsd, stts))
    return box(b"trak", tkhd, edts, box(b"mdia", mdhd, hdlr, minf))


def mp4(
    milliseconds: int, *, film: int = 0, moov_last: bool = True, wide: bool = False,
    entry: bytes = b"mp4a", configuration: bytes = _AAC, kind: bytes = b"soun",
    edits: Sequence[tuple[int, int]] = (),
) -> bytes:  # fmt: skip
    """An MP4 with a mono sound track, and a longer video track if asked; the index is at the start or
    the end.

    Each of `edits` is (milliseconds to play, first millisecond to play, or -1 for silence).
    """
    longest = max(milliseconds, film)
    if wide:
        mvhd = box(b"mvhd", struct.pack(">IQQIQ", 1 << 24, 0, 0, 1000, longest), bytes(80))
    else:
        mvhd = box(b"mvhd", struct.pack(">IIIII", 0, 0, 0, 1000, longest), bytes(80))
    shown = [(length, start * 48 if start >= 0 else -1) for length, start in edits]
    traks = [
        _trak(1, kind, milliseconds, milliseconds * 48, 48_000, name=entry,
              configuration=configuration, edits=shown)
    ]  # fmt: skip
    if film:
        traks.insert(0, _trak(2, b"vide", film, film * 90, 90_000))
    moov, mdat = box(b"moov", mvhd, *traks), box(b"mdat", bytes(40_000))
    start = box(b"ftyp", b"isom", bytes(4))
    return start + (mdat + moov if moov_last else moov + mdat)


def fragments(pieces: int, *, first: int = 0) -> bytes:
    """An MP4 of fragments. Each has 50 samples of 1024 at 48 kHz, half of them by default length.

    `first` is the number of additional samples in the index at the front.
    """
    trex = box(b"trex", struct.pack(">IIIIII", 0, 1, 1, 1024, 0, 0))
    mvhd = box(b"mvhd", struct.pack(">IIIII", 0, 0, 0, 1000, 0), bytes(80))
    track = _trak(
        1, b"soun", first * 3_200 // 3, first * 51_200, 48_000, samples=50 * first
    )  # fmt: skip
    moov = box(b"moov", mvhd, track, box(b"mvex", trex))
    tfhd = box(b"tfhd", struct.pack(">II", 0, 1))
    plain = box(b"trun", struct.pack(">II", 0, 50))
    listed = box(b"trun", struct.pack(">II", 0x100, 50), struct.pack(">50I", *[1024] * 50))
    moofs = [box(b"moof", box(b"traf", tfhd, listed if i % 2 else plain)) for i in range(pieces)]
    return (
        box(b"ftyp", b"iso5", bytes(4))
        + moov
        + b"".join(m + box(b"mdat", bytes(900)) for m in moofs)
    )


def element(identity: int, data: bytes, *, unknown: bool = False) -> bytes:
    """A Matroska element."""
    name = identity.to_bytes((identity.bit_length() + 7) // 8, "big")
    size = b"\x01" + b"\xff" * 7 if unknown else (1 << 56 | len(data)).to_bytes(8, "big")
    return name + size + data


def webm(*, duration_ms: float | None = None, clusters: int = 3, unknown: bool = False) -> bytes:
    """WebM with stereo Opus: blocks of 20 ms, 50 to a cluster."""
    info = element(0x2AD7B1, (1_000_000).to_bytes(3, "big"))
    if duration_ms is not None:
        info += element(0x4489, struct.pack(">d", duration_ms))
    track = element(0xAE, element(0xD7, b"\1") + element(0xE1, element(0x9F, b"\2")))
    body = element(0x1549A966, info) + element(0x1654AE6B, track)
    for number in range(clusters):
        blocks = b"".join(
            element(0xA3, b"\x81" + struct.pack(">h", 20 * i) + b"\x80" + bytes(30))
            for i in range(50)
        )
        time = element(0xE7, (1000 * number).to_bytes(4, "big"))
        body += element(0x1F43B675, time + blocks, unknown=unknown)
    return element(0x1A45DFA3, element(0x4282, b"webm")) + element(
        0x18538067, body, unknown=unknown
    )


def amr(frames: int) -> bytes:
    """An AMR file, narrow band, 12.2 kbit/s."""
    return b"#!AMR\n" + (b"\x3c" + bytes(31)) * frames
