"""Finds audio and video files. All commands search folders in this way.

A file is recognised by its suffix. A file with another suffix is reported as skipped if its first
bytes are those of audio or video. Each skipped file has a reason.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path

from quotakeeper.providers.audio import has_media_mark
from quotakeeper.value_classes import dataclass

# The content type of a file in a request, by its suffix.
CONTENT_TYPES = {
    ".3g2": "video/3gpp2", ".3gp": "video/3gpp", ".aac": "audio/aac", ".ac3": "audio/ac3",
    ".aif": "audio/aiff", ".aifc": "audio/aiff", ".aiff": "audio/aiff", ".amr": "audio/amr",
    ".ape": "audio/x-ape", ".asf": "video/x-ms-asf", ".au": "audio/basic", ".avi": "video/x-msvideo",
    ".awb": "audio/amr-wb", ".caf": "audio/x-caf", ".ec3": "audio/eac3", ".eac3": "audio/eac3",
    ".f4v": "video/mp4", ".flac": "audio/flac", ".flv": "video/x-flv", ".m2ts": "video/mp2t",
    ".m4a": "audio/mp4", ".m4b": "audio/mp4", ".m4v": "video/mp4", ".mka": "audio/x-matroska",
    ".mkv": "video/x-matroska", ".mov": "video/quicktime", ".mp2": "audio/mpeg",
    ".mp3": "audio/mpeg", ".mp4": "video/mp4", ".mpeg": "video/mpeg", ".mpg": "video/mpeg",
    ".mpga": "audio/mpeg", ".mts": "video/mp2t", ".oga": "audio/ogg", ".ogg": "audio/ogg",
    ".ogv": "video/ogg", ".opus": "audio/ogg", ".snd": "audio/basic", ".spx": "audio/ogg",
    ".ts": "video/mp2t", ".tta": "audio/x-tta", ".vob": "video/mpeg", ".w64": "audio/x-w64",
    ".wav": "audio/wav", ".wave": "audio/wav", ".weba": "audio/webm", ".webm": "video/webm",
    ".wma": "audio/x-ms-wma", ".wmv": "video/x-ms-wmv", ".wv": "audio/x-wavpack",
}  # fmt: skip
_NOT_MEDIA = frozenset({".ts"})  # TypeScript source files have this suffix too
_HEAD = 1_024


class SkipReason(StrEnum):
    """Why an audio or video file in a folder is skipped. The value is the text for the user."""

    HIDDEN = "it is hidden, or it is in a hidden folder"
    BELOW = "it is in a subfolder; --recursive includes subfolders"
    ENDING = "its content is audio or video, but its file name has another suffix"


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """An audio or video file that is skipped, with the reason."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class FoundMedia:
    """The media files to use, without duplicates, and the media files that are skipped."""

    files: tuple[Path, ...]
    skipped: tuple[SkippedFile, ...]


def find_media(inputs: Iterable[Path], *, recursive: bool) -> FoundMedia:
    """Find the files in `inputs`, and the media files in the folders in `inputs`.

    With `recursive`, subfolders are searched too.
    """
    seen: set[str] = set()
    files: list[Path] = []
    skipped: list[SkippedFile] = []
    for given in inputs:
        if not given.is_dir():
            _once(given, seen, files)
            continue
        for path, reason in _in_folder(given, recursive=recursive):
            if reason is None:
                _once(path, seen, files)
            else:
                skipped.append(SkippedFile(path, reason.value))
    return FoundMedia(tuple(files), tuple(skipped))


def files_in(folder: Path) -> Iterator[Path]:
    """Yield every file in a folder and its subfolders in the order of names. Hidden files are left out."""
    for path, is_hidden in _walk(folder, hidden=False):
        if not is_hidden:
            yield path


def is_media_name(path: Path) -> bool:
    """Whether the file name has the suffix of an audio or video file."""
    return path.suffix.lower() in CONTENT_TYPES


def _once(path: Path, seen: set[str], files: list[Path]) -> None:
    identity = os.path.realpath(path)
    if identity not in seen:
        seen.add(identity)
        files.append(path)


def _in_folder(folder: Path, *, recursive: bool) -> Iterator[tuple[Path, SkipReason | None]]:
    for path, is_hidden in _walk(folder, hidden=True):
        named = is_media_name(path)
        if path.suffix.lower() in _NOT_MEDIA:
            named = _has_mark(path)
        if is_hidden:
            if named:
                yield path, SkipReason.HIDDEN
        elif not recursive and path.parent != folder:
            if named:
                yield path, SkipReason.BELOW
        elif named:
            yield path, None
        elif path.suffix.lower() not in _NOT_MEDIA and _has_mark(path):
            yield path, SkipReason.ENDING


def _walk(folder: Path, *, hidden: bool) -> Iterator[tuple[Path, bool]]:
    """Yield each file below a folder, and whether the file is hidden, in the order of names.

    Hidden folders are searched only if `hidden` is True.
    """
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if hidden or not name.startswith("."))
        inside = Path(here)
        below = any(part.startswith(".") for part in inside.relative_to(folder).parts)
        for name in sorted(names):
            path = inside / name
            if path.is_file():
                yield path, below or name.startswith(".")


def _has_mark(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return has_media_mark(file.read(_HEAD))
    except OSError:
        return False
