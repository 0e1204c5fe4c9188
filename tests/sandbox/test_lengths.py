"""The sandbox measures sound as ffprobe does, so that tests against the sandbox are reliable."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from benchmarks import sound, sound_files
from quotakeeper.sandbox.deepgram import reply_to
from quotakeeper.sandbox.messages import SandboxRequest, SandboxTurn

NAMES = (
    "ima.wav", "ms.wav", "gsm.wav", "mp3.wav", "mulaw.wav", "fragments.mp4", "joined.aac",
    "joined.mp3", "joined.ogg", "piped.flac", "plain-44100-2.aiff", "plain-44100-2.au",
    "plain-44100-2.caf", "aac.ts", "aac.flv", "film.avi", "aac6.mp4", "ac3.mp4", "eac3.mp4",
    "plain-48000-2.mp2", "plain-16000-2.w64", "plain-44100-2.wv", "opus6.webm",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder() -> Path:
    if not sound.References().are_possible:
        pytest.skip("no ffmpeg with ffprobe on this machine")
    target = sound.CACHE / "made"
    sound_files.make_all(target, shutil.which("ffmpeg") or "")
    return target


@pytest.mark.parametrize("name", NAMES)
def test_a_reply_has_the_length_and_channels_that_ffmpeg_measures(folder: Path, name: str) -> None:
    path = folder / name
    reference = sound.References().of(path)
    request = SandboxRequest(
        "POST", "/v1/listen", (("model", "nova-3"), ("multichannel", "true")),
        {"authorization": "Token k", "content-type": "audio/x"}, path.read_bytes(),
    )  # fmt: skip
    metadata = json.loads(reply_to(request, SandboxTurn(1, 0)).body)["metadata"]
    nearest = min(abs(metadata["duration"] - x) for x in (reference.decoded, reference.stated))
    assert nearest <= 0.02, (metadata["duration"], reference)
    assert metadata["channels"] == reference.channels
