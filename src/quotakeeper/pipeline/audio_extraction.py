"""Extracts the speech of a media file with ffmpeg. Without ffmpeg, the whole file is sent."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from quotakeeper.pipeline.errors import MediaFileError, SetupError
from quotakeeper.pipeline.media import MediaFile, open_media
from quotakeeper.value_classes import dataclass

_FFMPEG_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """The audio to send to speech recognition. At most `milliseconds` of it can be billed."""

    path: Path
    content_type: str
    milliseconds: int


def find_ffmpeg(wanted: str) -> str:
    """Return the path of the ffmpeg program to use, or "" if no ffmpeg is used.

    `wanted` is "auto" (search the PATH), "off" (use none), or a program. Raises SetupError if this
    program does not exist.
    """
    if wanted == "off":
        return ""
    found = shutil.which("ffmpeg" if wanted == "auto" else wanted)
    if found is None and wanted != "auto":
        raise SetupError(
            "--ffmpeg: there is no program {program}", exit_code=2, program=repr(wanted)
        )
    return found or ""


@contextmanager
def extracted_audio(media: MediaFile, ffmpeg: str) -> Iterator[AudioTrack]:
    """Yield the audio to send: the media file itself if `ffmpeg` is "", else a temporary FLAC file.

    The FLAC file is mono with 16 kHz, and is deleted after the `with` block. Raises MediaFileError
    if ffmpeg fails.
    """
    if not ffmpeg:
        yield AudioTrack(media.path, media.content_type, media.milliseconds)
        return
    with TemporaryDirectory(prefix="qk-voice-") as folder:
        target = Path(folder, "voice.flac")
        _extract(ffmpeg, media.path, target)
        track = open_media(target)
        yield AudioTrack(target, track.content_type, track.milliseconds)


def _extract(ffmpeg: str, source: Path, target: Path) -> None:
    command = [ffmpeg, "-nostdin", "-v", "error", "-y", "-i", f"file:{source.absolute()}"]
    command += ["-map", "0:a:0", "-vn", "-ac", "1", "-ar", "16000", "-c:a", "flac", str(target)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_FFMPEG_SECONDS, check=False)
    except OSError as error:
        raise MediaFileError(
            "ffmpeg could not be started: {why}", why=error.strerror or error
        ) from None
    except subprocess.TimeoutExpired:
        raise MediaFileError("ffmpeg took too long") from None
    if done.returncode or not target.exists():
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        if not said:
            raise MediaFileError("no audio could be extracted from it")
        raise MediaFileError("no audio could be extracted from it: {said}", said=said[-1][:160])
