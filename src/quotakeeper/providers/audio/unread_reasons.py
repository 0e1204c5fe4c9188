"""The reasons why a file's length cannot be read; every command uses the same ones."""

from __future__ import annotations

from enum import StrEnum


class UnreadReason(StrEnum):
    """Why a file has no length. The value is the text for people."""

    EMPTY = "the file is empty"
    NO_MEDIA = "its bytes are of no sound or film format"
    NO_SOUND = "it holds no sound"
    DAMAGED = "it is damaged or cut off"
    PART = "only a part of it is there, and that part does not tell its length"
    UNSUPPORTED = "its format is not read here"
    TOO_MANY_PARTS = "it has more frames than one reading takes"
    UNREADABLE = "it cannot be opened"
