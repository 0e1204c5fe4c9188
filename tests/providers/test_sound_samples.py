"""Compares the sound readers with ffprobe and with decoding, on real files and on files of every format."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import sound, sound_files
from quotakeeper.providers.audio import Sound, UnreadReason, read_sound, sound_or_reason

NEEDS_FFMPEG = pytest.mark.skipif(
    not sound.References().are_possible, reason="no ffmpeg with ffprobe on this machine"
)
# Suffixes of the formats that the readers must read.
NAMED = frozenset({
    ".mp4", ".aac", ".mp3", ".ogg", ".opus", ".flac", ".aiff", ".mp2", ".au", ".caf", ".ts", ".flv",
    ".avi", ".wma", ".w64", ".wv", ".m4a", ".ac3", ".eac3", ".wav", ".webm", ".mkv", ".mka",
    ".mov", ".mpg", ".vob", ".wmv", ".ogv", ".tta",
})  # fmt: skip
_SIZE = 24_000  # bytes of each file that is damaged on purpose
_TRIES = 60
_MOST_SECONDS = 2.0


@pytest.fixture(scope="module")
def made() -> list[Path]:
    if not sound.References().are_possible:
        pytest.skip("no ffmpeg with ffprobe on this machine")
    return sound_files.make_all(sound.CACHE / "made", shutil.which("ffmpeg") or "")


def test_made_files_of_every_format_have_their_decoded_length(made: list[Path]) -> None:
    references = sound.References()
    measured = sound.measure(made, references)
    references.keep()
    print("\n".join(measured.lines("made")))
    assert (measured.raised, measured.too_short, measured.wrong_channels) == (0, 0, 0)
    assert measured.read == measured.with_sound >= 90
    assert {path.suffix for path in made} >= NAMED


@NEEDS_FFMPEG
def test_real_files_have_their_decoded_length() -> None:
    try:
        files = sound.fetch_samples()
    except sound.NoSamplesError as error:
        if sound.in_ci():
            raise
        pytest.skip(f"the samples are not here: {error}")
    references = sound.References()
    measured = sound.measure(files, references)
    references.keep()
    print("\n".join(measured.lines("samples")))
    assert measured.with_sound >= 60
    assert (measured.raised, measured.too_short, measured.wrong_channels) == (0, 0, 0)
    assert measured.read >= sound.LEAST_READ * measured.with_sound
    assert set(measured.reasons) <= {reason.value for reason in UnreadReason}


def _damaged(data: bytes, rng: random.Random) -> Iterator[bytes]:
    for _ in range(_TRIES):
        broken = bytearray(data[: rng.randint(1, len(data))])
        for _ in range(rng.randint(0, 4)):
            at = rng.randrange(min(len(broken), rng.choice((64, 600, len(broken)))))
            broken[at] ^= 1 << rng.randrange(8)
        yield bytes(broken)


def test_damage_never_raises_and_never_takes_long(made: list[Path]) -> None:
    seed = 30_112_026
    print(f"seed {seed}")
    rng = random.Random(seed)
    for path in made:
        whole = path.read_bytes()[:_SIZE]
        for data in _damaged(whole, rng):
            began = time.process_time()
            found = sound_or_reason(data)
            part = read_sound(data[:2_000], tail=data[-500:], total=len(data) + 9_000)
            took = time.process_time() - began
            assert took < _MOST_SECONDS, (path.name, len(data), took)
            for each in (found, part):
                if isinstance(each, Sound):
                    assert 0 <= each.microseconds <= 10**15, path.name
                    assert 0 <= each.channels <= 255
