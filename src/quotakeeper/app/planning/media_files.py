"""The lengths of the audio and video files in a plan or an estimate."""

from __future__ import annotations

from pathlib import Path

from quotakeeper.app.media.folders import FoundMedia, find_media
from quotakeeper.app.media.lengths import measure
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import dataclass


@dataclass(frozen=True, slots=True)
class AudioSize:
    """The length of an audio file. If `exact` is False, the length is the longest that the file's
    size allows.

    `without` says why the file has no sound, or is "" if the file has sound.
    """

    name: str
    milliseconds: int
    exact: bool
    form: str = ""
    without: str = ""


def media_in(folder: str) -> FoundMedia:
    """Find the audio and video files in a folder and its subfolders.

    Raises InvalidInputError if `folder` is not a folder.
    """
    root = Path(folder)
    if not root.is_dir():
        raise InvalidInputError(
            "FOLDER", f"{folder} is not a folder", "give a folder that contains the files"
        )
    return find_media([root], recursive=True)


def audio_size(path: Path, ffprobe: str = "") -> AudioSize:
    """Return the length of a file. If the length cannot be found, return the longest that the
    file's size allows.

    Raises InvalidInputError if the file cannot be read.
    """
    try:
        length = measure(path, ffprobe)
    except (OSError, ValueError) as error:
        raise unreadable(str(path), error) from None
    without = length.reason.value if length.has_no_sound and length.reason else ""
    return AudioSize(str(path), length.milliseconds, length.exact, length.form, without)


def unreadable(file: str, error: Exception) -> InvalidInputError:
    """Return the InvalidInputError for a file that cannot be read."""
    reason = getattr(error, "strerror", None) or str(error)
    return InvalidInputError(
        "FILE", f"{file} cannot be read: {reason}", ("choose a file that you can read")
    )
