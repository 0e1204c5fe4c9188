"""Media files: which ones to take, what they are, and how long they can be at most."""

from __future__ import annotations

import hashlib
import mmap
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from quotakeeper.pipeline.errors import MediaFileError
from quotakeeper.sandbox.audio_headers import (
    AudioHeader,
    longest_milliseconds,
    read_audio_header,
)

# Sent as they are when there is no ffmpeg; the provider reads all of these.
CONTENT_TYPES = {
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".aac": "audio/aac",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
}
# These always have a header that can be read: a file that has none is damaged.
_HEADED = {".wav", ".mp3"}
_LEAST_FLAC_BYTES = 42


@dataclass(frozen=True, slots=True)
class MediaFile:
    """One media file. `milliseconds` is an upper bound of its length; `exact` when it is known."""

    path: Path
    sha256: str
    size_bytes: int
    milliseconds: int
    exact: bool

    @property
    def content_type(self) -> str:
        """What to call it in a request."""
        return CONTENT_TYPES.get(self.path.suffix.lower(), "application/octet-stream")


def find_media(inputs: Iterable[Path], *, recursive: bool) -> Iterator[Path]:
    """Files named, and the media files of folders named, each once, in the order of their names."""
    seen: set[str] = set()
    for given in inputs:
        for path in _in_folder(given, recursive=recursive) if given.is_dir() else [given]:
            identity = os.path.realpath(path)
            if identity not in seen:
                seen.add(identity)
                yield path


def _in_folder(folder: Path, *, recursive: bool) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if recursive and not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in CONTENT_TYPES:
                yield Path(here, name)


def open_media(path: Path) -> MediaFile:
    """Read a file's size, hash and length; raises MediaFileError with the reason when it is no use."""
    size, header = _header_of(path)
    bound = header.milliseconds if header else longest_milliseconds(size)
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise MediaFileError(f"it cannot be read: {error.strerror or error}") from None
    return MediaFile(path, digest, size, bound, header is not None)


def exact_milliseconds(path: Path) -> int | None:
    """The length by the header alone; None when it cannot be told, or the file is no use."""
    try:
        header = _header_of(path)[1]
    except MediaFileError:
        return None
    return header.milliseconds if header else None


def _header_of(path: Path) -> tuple[int, AudioHeader | None]:
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise MediaFileError("it is not a file")
        if size == 0:
            raise MediaFileError("the file is empty")
        with (
            path.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
        ):
            header = read_audio_header(content)
            head = content[:4]
    except FileNotFoundError:
        raise MediaFileError("there is no such file") from None
    except (OSError, ValueError) as error:
        raise MediaFileError(
            f"it cannot be read: {getattr(error, 'strerror', '') or error}"
        ) from None
    kind = path.suffix.lower()
    no_flac = kind == ".flac" and (head != b"fLaC" or size < _LEAST_FLAC_BYTES)
    if header is None and (kind in _HEADED or no_flac):
        raise MediaFileError(f"it is damaged, or is not a {kind[1:]} file at all")
    if header is not None and header.microseconds == 0:
        raise MediaFileError("it holds no sound")
    return size, header
