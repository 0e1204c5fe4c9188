"""Sound and film files: which there are, and how long each is by its own header."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path

from quotakeeper.errors import InvalidInputError
from quotakeeper.providers.audio import longest_milliseconds, read_sound

_MEDIA = "wav flac mp3 m4a mp4 mov mkv webm ogg oga opus aac wma avi m4v amr"
MEDIA = frozenset(f".{name}" for name in _MEDIA.split())


@dataclass(frozen=True, slots=True)
class AudioSize:
    """How long a sound file is; not `exact`, it is the longest its size allows."""

    name: str
    milliseconds: int
    exact: bool
    form: str = ""


def files_in(folder: str) -> list[Path]:
    """Every file in a folder and the folders in it, by name; hidden ones are left out."""
    root = Path(folder)
    if not root.is_dir():
        raise InvalidInputError("FOLDER", f"{folder} is not a folder", "name a folder of files")
    found = (path for path in root.rglob("*") if path.is_file())
    return sorted(p for p in found if not any(x.startswith(".") for x in p.relative_to(root).parts))


def audio_size(path: Path) -> AudioSize:
    """The length of a file from its header, or the longest that its size allows.

    Raises InvalidInputError for a file that cannot be read.
    """
    try:
        with open(path, "rb") as file:
            size = path.stat().st_size
            if not size:
                return AudioSize(str(path), 0, True)
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                sound = read_sound(data)
    except (OSError, ValueError) as error:
        raise unreadable(str(path), error) from None
    if sound is None:
        return AudioSize(str(path), longest_milliseconds(size), False)
    return AudioSize(str(path), sound.milliseconds, sound.exact, sound.form)


def unreadable(file: str, error: Exception) -> InvalidInputError:
    """What to say of a file that cannot be read."""
    reason = getattr(error, "strerror", None) or str(error)
    return InvalidInputError("FILE", f"{file} cannot be read: {reason}", "name a file you may read")
