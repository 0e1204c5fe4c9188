"""Without ffmpeg, telephony WAV files are held at their true length, so a limit holds."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from quotakeeper.pipeline.media import open_media

if TYPE_CHECKING:
    from tests.pipeline.conftest import Bench

# format tag, bytes of a block, samples of a block, bits of a sample
IMA, MS, GSM = (0x11, 256, 505, 4), (2, 256, 500, 4), (0x31, 65, 320, 0)


def telephony(seconds: int, shape: tuple[int, int, int, int]) -> bytes:
    """A mono WAV at 8 kHz of blocks, as telephone systems record."""
    kind, block, samples, bits = shape
    blocks = -(-seconds * 8_000 // samples)
    rate = 8_000 * block // samples
    form = struct.pack("<HHIIHHHH", kind, 1, 8_000, rate, block, bits, 2, samples)
    fact = struct.pack("<I", seconds * 8_000)
    body = b"\x55" * (blocks * block)
    chunks = b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1)
        for name, data in ((b"fmt ", form), (b"fact", fact), (b"data", body))
    )
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


@pytest.mark.parametrize("shape", [IMA, MS, GSM])
def test_a_block_of_telephony_is_not_a_sample(
    bench: Bench, shape: tuple[int, int, int, int]
) -> None:
    path = bench.media / "call.wav"
    path.write_bytes(telephony(10, shape))
    media = open_media(path)
    assert media.exact
    assert 10_000 <= media.milliseconds <= 10_000 + shape[2] * 1000 // 8_000 + 1


def test_a_long_file_does_not_pass_a_short_limit_without_ffmpeg(bench: Bench) -> None:
    (bench.media / "call.wav").write_bytes(telephony(600, IMA))
    bench.limit("audio_minutes", "2")
    run = bench.run(ffmpeg="off")
    assert run.exit_code == 3
    assert "this file alone exceeds the limit" in run.text
    assert not bench.sandbox.bill.charges


def test_what_is_passed_over_is_named(bench: Bench) -> None:
    bench.wav("a.wav", 5_000)
    bench.wav("deep/b.wav", 5_000)
    (bench.media / "sound.dat").write_bytes((bench.media / "a.wav").read_bytes())
    (bench.media / "notes.txt").write_text("no")
    run = bench.run()
    assert run.exit_code == 0, run.text
    skipped = [line for line in run.text.splitlines() if line.startswith("skipped: ")]
    assert [line.rpartition("/")[2] for line in skipped] == [
        "sound.dat: its content is audio or video, but its file name has another suffix",
        "b.wav: it is in a subfolder; --recursive includes subfolders",
    ]
