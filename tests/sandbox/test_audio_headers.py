"""The length of a file is read from its header, or not at all."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import wave
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotakeeper.sandbox.audio_headers import longest_milliseconds, read_audio_header

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def wav_bytes(frames: int, *, rate: int = 16_000, channels: int = 1) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(bytes(2 * channels * frames))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "form", "milliseconds"),
    [
        ("xin-chao.wav", "wav", 16_067),
        ("cho-dem.flac", "flac", 11_181),
        ("ha-noi.mp3", "mp3", 9_879),
    ],
)
def test_samples_have_the_lengths_their_transcripts_say(
    name: str, form: str, milliseconds: int
) -> None:
    header = read_audio_header((SAMPLES / name).read_bytes())
    assert header is not None
    assert (header.form, header.milliseconds, header.channels) == (form, milliseconds, 1)


@given(
    frames=st.integers(1, 5_000),
    rate=st.sampled_from([8_000, 11_025, 16_000, 44_100, 48_000]),
    channels=st.integers(1, 2),
)
def test_a_wav_is_as_long_as_its_frames(frames: int, rate: int, channels: int) -> None:
    header = read_audio_header(wav_bytes(frames, rate=rate, channels=channels))
    assert header is not None
    assert header.channels == channels
    assert abs(header.microseconds - frames * 1_000_000 / rate) <= 0.5
    assert header.milliseconds * 1000 >= header.microseconds  # an upper bound never rounds down


def test_a_wav_of_unknown_length_is_measured_by_what_is_there() -> None:
    whole = bytearray(wav_bytes(16_000))
    at = whole.index(b"data") + 4
    whole[at : at + 4] = b"\xff\xff\xff\xff"
    streamed = read_audio_header(bytes(whole))
    cut = read_audio_header(bytes(whole[: 44 + 16_000]))
    assert streamed is not None and streamed.milliseconds == 1_000
    assert cut is not None and cut.milliseconds == 500


def test_an_extra_chunk_of_odd_size_before_the_data_is_skipped() -> None:
    plain = wav_bytes(1_600)
    extra = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    header = read_audio_header(plain[:36] + extra + plain[36:])
    assert header is not None and header.milliseconds == 100


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg on this machine")
@pytest.mark.parametrize(
    ("name", "options", "slack_ms"),
    [
        ("a.mp3", ["-c:a", "libmp3lame", "-b:a", "128k", "-ar", "44100", "-ac", "2"], 1),
        ("vbr.mp3", ["-c:a", "libmp3lame", "-q:a", "4", "-write_xing", "0"], 150),
        ("mpeg25.mp3", ["-c:a", "libmp3lame", "-ar", "8000"], 1),
        ("a.m4a", ["-c:a", "aac"], 1),
        ("a.ogg", ["-c:a", "libopus"], 1),
        ("v.ogg", ["-c:a", "libvorbis"], 1),
        ("a.flac", ["-c:a", "flac"], 0),
    ],
)
def test_other_encodings_keep_the_length(
    name: str, options: list[str], slack_ms: int, tmp_path: Path
) -> None:
    target = tmp_path / name
    source = SAMPLES / "xin-chao.wav"
    subprocess.run(["ffmpeg", "-v", "error", "-i", source, *options, target], check=True)
    header = read_audio_header(target.read_bytes())
    assert header is not None
    assert abs(header.milliseconds - 16_067) <= slack_ms


@pytest.mark.parametrize("name", ["xin-chao.wav", "cho-dem.flac", "ha-noi.mp3"])
@given(data=st.data())
def test_a_damaged_header_is_never_an_exception(name: str, data: st.DataObject) -> None:
    whole = bytearray((SAMPLES / name).read_bytes()[:4_000])
    for _ in range(data.draw(st.integers(0, 6))):
        whole[data.draw(st.integers(0, 300))] = data.draw(st.integers(0, 255))
    header = read_audio_header(bytes(whole[: data.draw(st.integers(0, 4_000))]))
    assert header is None or header.microseconds >= 0


@given(st.binary(max_size=400))
def test_noise_is_never_an_exception(noise: bytes) -> None:
    for head in (b"", b"RIFF\0\0\0\0WAVE", b"fLaC", b"OggS", b"\0\0\0\0ftyp", b"ID3\4\0\0"):
        header = read_audio_header(head + noise)
        assert header is None or header.microseconds >= 0


def test_the_longest_a_file_can_be_is_a_millisecond_a_byte() -> None:
    assert longest_milliseconds(1) == 1
    assert longest_milliseconds(16_000) == 16_000
