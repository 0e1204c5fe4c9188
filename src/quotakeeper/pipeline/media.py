"""Reads media files: content type, hash, and length. If the length is unknown, gives an upper
bound."""

from __future__ import annotations

import hashlib
from pathlib import Path

from quotakeeper.app.media.folders import CONTENT_TYPES
from quotakeeper.app.media.lengths import MediaLength, measure
from quotakeeper.pipeline.errors import MediaFileError
from quotakeeper.value_classes import dataclass

# These formats always contain their length. A file of these formats without a length is damaged.
_HEADED = {".wav", ".mp3"}
_LEAST_FLAC_BYTES = 42


@dataclass(frozen=True, slots=True)
class MediaFile:
    """One media file. `milliseconds` is its length if `exact`, else an upper bound of its length."""

    path: Path
    sha256: str
    size_bytes: int
    milliseconds: int
    exact: bool

    @property
    def content_type(self) -> str:
        """The content type to send with the file, by its suffix."""
        return CONTENT_TYPES.get(self.path.suffix.lower(), "application/octet-stream")


def open_media(path: Path, ffprobe: str = "") -> MediaFile:
    """Read the size, hash and length of a file. Raises MediaFileError if the file cannot be used.

    `ffprobe` is run if the file's bytes do not show the length; "" means that no ffprobe is run.
    """
    size, length = _length_of(path, ffprobe)
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise MediaFileError("it cannot be read: {why}", why=error.strerror or error) from None
    return MediaFile(path, digest, size, length.milliseconds, length.exact)


def exact_milliseconds(path: Path, ffprobe: str = "") -> int | None:
    """Return the length of a file in milliseconds.

    Returns None if the length is not exactly known, or if the file cannot be used.
    """
    try:
        length = _length_of(path, ffprobe)[1]
    except MediaFileError:
        return None
    return length.milliseconds if length.exact else None


def _length_of(path: Path, ffprobe: str) -> tuple[int, MediaLength]:
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise MediaFileError("it is not a file")
        length = measure(path, ffprobe)
    except FileNotFoundError:
        raise MediaFileError("there is no such file") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", "") or error
        raise MediaFileError("it cannot be read: {why}", why=why) from None
    kind = path.suffix.lower()
    if length.has_no_sound and length.reason is not None:
        raise MediaFileError(length.reason.value)
    unread = length.reason is not None
    no_flac = kind == ".flac" and size < _LEAST_FLAC_BYTES
    if unread and (kind in _HEADED or no_flac):
        raise MediaFileError("it is damaged, or is not a {kind} file at all", kind=kind[1:])
    return size, length
