"""Makes files of every sound format with ffmpeg.

The table maps a file's name to the arguments of ffmpeg.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

SECONDS = 3
_SOUND = ("-f", "lavfi", "-i", f"sine=d={SECONDS}:f=300")
_FILM = ("-f", "lavfi", "-i", f"testsrc=s=64x48:r=10:d={SECONDS}")
# suffix: the sample rates to make
_RATES = {
    "wav": (8_000, 44_100), "w64": (16_000,), "aiff": (8_000, 44_100), "au": (8_000, 44_100),
    "caf": (44_100,), "flac": (16_000, 44_100), "m4a": (8_000, 44_100), "aac": (8_000, 48_000),
    "mp3": (8_000, 16_000, 44_100), "mp2": (16_000, 48_000), "ogg": (8_000, 44_100),
    "wma": (16_000, 44_100), "wv": (44_100,), "tta": (44_100,), "mka": (44_100,),
    "ac3": (32_000, 48_000), "eac3": (48_000,),
}  # fmt: skip
_CODECS = {
    # name: (channels, rate, arguments)
    "opus.opus": (1, 48_000, "-c:a libopus"), "opus6.webm": (6, 48_000, "-c:a libopus"),
    "opus.mp4": (2, 48_000, "-c:a libopus"), "alac.m4a": (2, 44_100, "-c:a alac"),
    "aac6.mp4": (6, 48_000, "-c:a aac -b:a 336k"), "ac3.mp4": (6, 48_000, "-c:a ac3"),
    "eac3.mp4": (6, 48_000, "-c:a eac3"), "aac6.aac": (6, 48_000, "-c:a aac"),
    "flac6.ogg": (6, 48_000, "-c:a flac"), "speex.spx": (1, 16_000, "-c:a libspeex"),
    "aac.mka": (1, 8_000, "-c:a aac"), "pcm.mkv": (2, 44_100, "-c:a pcm_s16le"),
    "pcm.mov": (2, 44_100, "-c:a pcm_s16le"), "ima.wav": (1, 8_000, "-c:a adpcm_ima_wav"),
    "ms.wav": (1, 8_000, "-c:a adpcm_ms"), "gsm.wav": (1, 8_000, "-c:a libgsm_ms"),
    "mp3.wav": (1, 8_000, "-c:a libmp3lame"), "mulaw.wav": (1, 8_000, "-c:a pcm_mulaw"),
    "ac3.wav": (2, 48_000, "-c:a ac3"), "ima.aiff": (1, 8_000, "-c:a adpcm_ima_qt"),
    "mulaw.aiff": (1, 8_000, "-c:a pcm_mulaw"), "alac.caf": (2, 44_100, "-c:a alac"),
    "opus.caf": (1, 48_000, "-c:a libopus"), "ima.caf": (1, 8_000, "-c:a adpcm_ima_qt"),
    "alaw.au": (1, 8_000, "-c:a pcm_alaw"), "bare.mp3": (2, 44_100, "-write_xing 0 -q:a 4"),
    "aac.ts": (1, 44_100, "-c:a aac"), "mp2.ts": (2, 48_000, "-c:a mp2"),
    "ac3.ts": (6, 48_000, "-c:a ac3"), "mp3.flv": (1, 44_100, "-c:a mp3"),
    "aac.flv": (2, 44_100, "-c:a aac"), "mp3.avi": (2, 44_100, "-c:a mp3"),
    "pcm.avi": (1, 16_000, "-c:a pcm_s16le"),
    "fragments.mp4": (1, 44_100, "-c:a aac -movflags frag_keyframe -frag_duration 1000000"),
}  # fmt: skip
_FILMS = {
    "film.mp4": "-c:a aac -c:v mpeg4", "film.mkv": "-c:a aac -c:v mpeg4",
    "film.webm": "-c:a libopus -c:v libvpx", "film.avi": "-c:a ac3 -c:v mpeg4",
    "film.flv": "-c:a aac -c:v flv1", "film.ts": "-c:a aac -c:v mpeg2video",
    "film.mpg": "-c:a mp2 -c:v mpeg2video -r 25", "film.vob": "-c:a ac3 -c:v mpeg2video -r 25",
    "film.wmv": "-c:a wmav2 -c:v wmv2", "film.ogv": "-c:a libvorbis -c:v libtheora",
    "cut.mp4": "-c:a aac -c:v mpeg4 -g 10 -movflags frag_keyframe",
    "empty-index.mp4": "-c:a aac -c:v mpeg4 -g 10 -movflags frag_keyframe+empty_moov",
}  # fmt: skip
_PIPED = ("wav", "flac", "au", "aiff", "mp3", "flv", "avi", "asf", "wv", "webm", "w64")
_AT_ONCE = 16
_JOINED = ("mp3", "aac", "ac3", "ts", "ogg", "flac")


def make_all(folder: Path, ffmpeg: str) -> list[Path]:
    """Make every file that this ffmpeg can make. Files from an earlier run stay.

    A file appears under its name only when it is complete, so several processes can make files at once.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        fresh = Path(name)
        for inputs, recipes in ((_SOUND, _sounds()), ((*_SOUND, *_FILM), _films())):
            missing = [each for each in recipes if not _is_there(folder / each[0])]
            # One process makes many files, because a start takes longer than a file.
            for at in range(0, len(missing), _AT_ONCE):
                _make(fresh, [ffmpeg, *inputs], missing[at : at + _AT_ONCE])
        for ending in _PIPED:
            if not _is_there(folder / f"piped.{ending}"):
                command = [ffmpeg, *_SOUND, "-ar", "44100", "-f", ending, "-"]
                (fresh / f"piped.{ending}").write_bytes(_run(command).stdout)
        _finish(fresh, folder)
        for ending in _JOINED:
            if not _is_there(folder / f"joined.{ending}"):
                parts = sorted(folder.glob(f"plain-*.{ending}")) or [folder / f"aac.{ending}"]
                (fresh / f"joined.{ending}").write_bytes(parts[0].read_bytes() * 2)
        _finish(fresh, folder)
    return sorted(path for path in folder.iterdir() if path.stat().st_size)


def _finish(fresh: Path, folder: Path) -> None:
    for path in fresh.iterdir():
        path.replace(folder / path.name)


def _make(folder: Path, start: list[str], recipes: list[tuple[str, list[str]]]) -> None:
    """Make all files in one process. If this ffmpeg lacks an encoder for one, make them one by one."""
    command = list(start)
    for name, arguments in recipes:
        command += [*arguments, "-y", str(folder / name)]
    if _run(command).returncode and len(recipes) > 1:
        for each in recipes:
            _make(folder, start, [each])


def _is_there(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _sounds() -> Iterator[tuple[str, list[str]]]:
    for ending, rates in _RATES.items():
        for rate in rates:
            for channels in (1, 2):
                shape = ["-ar", str(rate), "-ac", str(channels)]
                yield f"plain-{rate}-{channels}.{ending}", shape
    for name, (channels, rate, codec) in _CODECS.items():
        yield name, ["-ac", str(channels), "-ar", str(rate), *codec.split()]


def _films() -> Iterator[tuple[str, list[str]]]:
    for name, codec in _FILMS.items():
        yield name, ["-ar", "44100", *codec.split()]


def _run(command: list[str]) -> subprocess.CompletedProcess[bytes]:
    full = [command[0], "-nostdin", "-v", "error", *command[1:]]
    return subprocess.run(full, capture_output=True, check=False, timeout=120)
