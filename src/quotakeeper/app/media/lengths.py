"""How long a sound or film file is: by its own bytes, by ffprobe where they do not tell, by size."""

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
# Decoders give the whole of the last frame, which the length that ffprobe tells may leave out.
_LAST_FRAME = 250
_MOST_MILLISECONDS = 10**12


@dataclass(frozen=True, slots=True)
class MediaLength:
    """How long a file plays at most, in milliseconds, and how that is known.

    `form` is the format, "ffprobe", or "" where only the size tells. `exact` says whether the
    length is known and not only bounded. `reason` is why the file's own bytes do not tell it.
    """

    milliseconds: int
    exact: bool
    form: str = ""
    channels: int = 0
    reason: UnreadReason | None = None

    @property
    def has_no_sound(self) -> bool:
        """Whether it is certain that there is nothing to hear."""
        return self.reason in (UnreadReason.EMPTY, UnreadReason.NO_SOUND)


def find_ffprobe(ffmpeg: str = "") -> str:
    """The ffprobe beside a given ffmpeg, else the one on the path; "" where there is none."""
    if ffmpeg:
        beside = Path(ffmpeg).with_name("ffprobe" + Path(ffmpeg).suffix)
        if Path(ffmpeg).parent != Path() and beside.is_file():
            return str(beside)
    return shutil.which("ffprobe") or ""


def measure(path: Path, ffprobe: str = "") -> MediaLength:
    """The length of a file. With `ffprobe`, that program is asked where the bytes do not tell.

    Raises OSError for a file that cannot be opened.
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
