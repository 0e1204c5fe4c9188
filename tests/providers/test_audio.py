"""Lengths from headers: exact for a whole file; for a part of a file, exact or unknown."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotakeeper.providers.audio import Sound, longest_milliseconds, read_sound
from tests.providers import sounds

FRAME = 1152 / 44.1  # milliseconds
WAV = sounds.wav(10, rate=16_000, channels=2)
CBR = sounds.mp3_frame() * 100
ID3 = b"ID3\x03\0\0\0\0\1\0" + bytes(128)


def resized(data: bytes, size: int) -> bytes:
    """A WAV file whose header states another size of its sound."""
    return data[:40] + struct.pack("<I", size) + data[44:]


# form, file, milliseconds, channels, exact
WHOLE = [
    ("wav", WAV, 10_000, 2, True),
    ("wav", resized(WAV, 0xFFFFFFFF), 10_000, 2, True),
    ("wav", resized(WAV, 0), 10_000, 2, True),
    ("wav", WAV[: 44 + 64_000], 1_000, 2, True),
    ("wav", b"RF64\xff\xff\xff\xffWAVEds64" + struct.pack("<IQQQI", 28, 0, 64_000, 0, 0)
     + resized(WAV, 0xFFFFFFFF)[12:44] + bytes(64_000), 1_000, 2, True),
    ("flac", sounds.flac(441_000), 10_000, 2, True),
    ("flac", ID3 + sounds.flac(441_000, channels=1), 10_000, 1, True),
    ("mp3", CBR, 100 * FRAME, 2, True),
    ("mp3", ID3 + CBR, 100 * FRAME, 2, True),
    ("mp3", sounds.mp3_frame(mono=True) * 50, 50 * FRAME, 1, True),
    ("mp3", b"".join(sounds.mp3_frame(5 + i % 5) for i in range(90)), 90 * FRAME, 2, True),
    ("mp3", sounds.xing(90, 91 * 417) + sounds.mp3_frame() * 90, 90 * FRAME, 2, True),
    ("mp3", sounds.vbri(90) + sounds.mp3_frame() * 90, 90 * FRAME, 2, True),
    # two files in a row: the tag describes only the first, and is no sound itself
    ("mp3", (sounds.xing(400, 401 * 417) + sounds.mp3_frame() * 400) * 2, 801 * FRAME, 2, True),
    ("mp3", CBR + b"damage" * 50 + CBR, 200 * FRAME, 2, True),
    ("aac", sounds.adts(100), 102_400 / 44.1, 2, True),
    ("amr", sounds.amr(150), 3_000, 1, True),
    ("ogg", sounds.opus(9.5), 9_500, 1, True),
    ("ogg", sounds.opus(9.5) + sounds.opus(3, serial=2), 12_500, 1, True),
    ("ogg", sounds.vorbis(7.25), 7_250, 2, True),
    ("mp4", sounds.mp4(7_300), 7_300, 1, True),
    ("mp4", sounds.mp4(7_300, moov_last=False, wide=True), 7_300, 1, True),
    ("mp4", sounds.mp4(7_300, film=9_000), 7_300, 1, True),
    ("mp4", sounds.fragments(4), 4 * 50 * 1024 / 48, 1, True),
    ("webm", sounds.webm(duration_ms=2_990.5), 2_990.5, 2, True),
    ("webm", sounds.webm(), 2_980 + 120, 2, False),
    ("webm", sounds.webm(unknown=True), 2_980 + 120, 2, False),
]  # fmt: skip


@pytest.mark.parametrize(("form", "data", "milliseconds", "channels", "exact"), WHOLE)
def test_a_whole_file_gives_its_length(
    form: str, data: bytes, milliseconds: float, channels: int, exact: bool
) -> None:
    sound = read_sound(data)
    assert sound is not None
    assert (sound.form, sound.channels, sound.exact) == (form, channels, exact)
    assert abs(sound.microseconds - milliseconds * 1000) <= 1
    assert read_sound(memoryview(data)) == sound
    assert sound.milliseconds <= longest_milliseconds(len(data)) or form in (
        "flac",
        "webm",
        "ogg",
        "mp4",
    )


@pytest.mark.parametrize(("form", "data", "milliseconds", "channels", "exact"), WHOLE)
@pytest.mark.parametrize("head", [12, 200, 4_096, 9_000])
def test_a_part_of_a_file_gives_the_same_length_or_more_or_none(
    form: str, data: bytes, milliseconds: float, channels: int, exact: bool, head: int
) -> None:
    whole = read_sound(data)
    assert whole is not None
    chained = (form == "mp3" and len(data) > 300_000) or (
        form == "ogg" and data.count(b"OpusHead") > 1
    )
    for tail in (b"", data[-3_000:]):
        part = read_sound(data[:head], tail=tail, total=len(data))
        if part is None or chained:
            continue  # a part does not show that another file follows
        if part.exact and exact:
            assert part.microseconds == whole.microseconds
        else:
            assert part.microseconds >= whole.microseconds * 0.995


def test_most_files_give_their_length_from_both_ends() -> None:
    for form, data, *_ in WHOLE:
        if form in ("wav", "flac", "mp4", "aac") and b"moof" not in data:
            assert read_sound(data[:4_096], tail=data[-3_000:], total=len(data)) is not None


@given(data=st.binary(max_size=300))
def test_random_bytes_are_not_sound_and_never_raise(data: bytes) -> None:
    marks = (b"", b"RIFF0000WAVEfmt ", b"fLaC", b"OggS", b"\x1a\x45\xdf\xa3", b"\0\0\0\x10ftyp",
        b"\xff\xfb\x90\0", b"\xff\xf1", b"ID3", b"#!AMR\n")  # fmt: skip
    for mark in marks:
        for total in (None, 10_000):
            sound = read_sound(mark + data, total=total)
            assert sound is None or sound.microseconds >= 0


@pytest.mark.parametrize("row", WHOLE, ids=lambda row: row[0])
def test_a_file_cut_anywhere_never_raises(row: tuple[str, bytes, float, int, bool]) -> None:
    data = row[1][:2_500]
    for end in range(0, len(data), 3):
        read_sound(data[:end])
        read_sound(data[:end], total=len(row[1]))


@given(at=st.integers(0, 2_000), value=st.integers(0, 255), row=st.sampled_from(WHOLE))
def test_a_wrong_byte_never_raises(
    at: int, value: int, row: tuple[str, bytes, float, int, bool]
) -> None:
    data = bytearray(row[1][:3_000])
    data[at % len(data)] = value
    sound = read_sound(bytes(data))
    assert sound is None or 0 <= sound.microseconds <= 10**15


def test_a_box_smaller_than_its_header_ends_the_read() -> None:
    film, start = sounds.mp4(7_300), sounds.box(b"ftyp", b"isom", bytes(4))
    assert read_sound(start + sounds.box(b"free") + film) == read_sound(film) is not None
    assert read_sound(start + struct.pack(">I3s", 7, b"fre") + film) is None
    # The 64-bit form has a header of 16 bytes. With a size of 0 the reader would never advance.
    assert read_sound(start + struct.pack(">I4sQ", 1, b"free", 15)[:15] + film) is None
    assert read_sound(start + struct.pack(">I4sQ", 1, b"free", 0) + film) is None


def test_lengths_are_rounded_up_for_bounds_and_to_the_nearest_for_entries() -> None:
    sound = Sound("wav", 1_000_400)
    assert (sound.milliseconds, sound.billed_milliseconds, sound.seconds) == (1_001, 1_000, 1.0004)
    assert longest_milliseconds(750) == 1_000
    assert longest_milliseconds(0) == 0
