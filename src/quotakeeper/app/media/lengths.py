"""Measures the length of an audio or video file, or computes an upper bound from the file's size."""

from __future__ import annotations

import json
import mmap
import shutil
import subprocess
from pathlib import Path

from quotakeeper.providers.audio import (
    Sound,
    UnreadReason,
    longest_milliseconds,
    sound_or_reason,
)
from quotakeeper.value_classes import dataclass

_FFPROBE_SECONDS = 60
# In milliseconds. Decoders output the whole last frame; ffprobe's length may leave part of it out.
_LAST_FRAME = 250
_MOST_MILLISECONDS = 10**12


@dataclass(frozen=True, slots=True)
class MediaLength:
    """The longest time that a file can play, in milliseconds, and how this is known.

    `form` is the file format, or "ffprobe" if ffprobe measured the length. `form` is "" if the
    length follows only from the size. `exact` is False if the length is only an upper bound.
    `reason` says why the file's bytes do not show the length.
    """

    milliseconds: int
    exact: bool
    form: str = ""
    channels: int = 0
    reason: UnreadReason | None = None

    @property
    def has_no_sound(self) -> bool:
        """Whether the file certainly has no sound."""
        return self.reason in (UnreadReason.EMPTY, UnreadReason.NO_SOUND)


def find_ffprobe(ffmpeg: str = "") -> str:
    """Return the path of ffprobe, or "" if ffprobe is not found.

    The ffprobe in the folder of `ffmpeg` has precedence over the ffprobe on the PATH.
    """
    if ffmpeg:
        beside = Path(ffmpeg).with_name("ffprobe" + Path(ffmpeg).suffix)
        if Path(ffmpeg).parent != Path() and beside.is_file():
            return str(beside)
    return shutil.which("ffprobe") or ""


def measure(path: Path, ffprobe: str = "") -> MediaLength:
    """Measure the length of a file. `ffprobe` is run if the file's bytes do not show an exact length.

    Raises OSError if the file cannot be opened.
    """
    with path.open("rb") as file:
        size = path.stat().st_size
        if not size:
            return MediaLength(0, exact=True, reason=UnreadReason.EMPTY)
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            found = sound_or_reason(data)
    if isinstance(found, Sound) and found.exact:
        no_sound = UnreadReason.NO_SOUND if not found.microseconds else None
        return MediaLength(found.milliseconds, True, found.form, found.channels, no_sound)
    if found is UnreadReason.NO_SOUND:
        return MediaLength(0, exact=True, reason=found)
    probed = _probed(path, ffprobe) if ffprobe else None
    if probed is not None:
        return probed
    if isinstance(found, Sound):
        return MediaLength(found.milliseconds, False, found.form, found.channels)
    return MediaLength(longest_milliseconds(size), exact=False, reason=found)


def _probed(path: Path, ffprobe: str) -> MediaLength | None:
    command = [ffprobe, "-v", "error", "-protocol_whitelist", "file", "-show_entries",
        "stream=codec_type,duration,channels:format=duration", "-of", "json",
        f"file:{path.absolute()}"]  # fmt: skip
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=_FFPROBE_SECONDS, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        told = json.loads(done.stdout or b"{}")
        streams = [x for x in told.get("streams", []) if x.get("codec_type") == "audio"]
        if not streams:
            return None
        stated = [x.get("duration") for x in (*streams, told.get("format", {}))]
        lengths = [float(x) for x in stated if x is not None]
        milliseconds = int(max(lengths) * 1000) + 1 + _LAST_FRAME if lengths else 0
        channels = int(streams[0].get("channels") or 0)
    except (OSError, subprocess.TimeoutExpired, ValueError, TypeError, AttributeError,
            OverflowError):  # fmt: skip
        return None
    if not 0 < milliseconds <= _MOST_MILLISECONDS:
        return None
    return MediaLength(milliseconds, True, "ffprobe", channels)
