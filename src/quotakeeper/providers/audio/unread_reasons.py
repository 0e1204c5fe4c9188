"""The reasons why a file's length cannot be read, as all commands print them."""

from __future__ import annotations

from enum import StrEnum


class UnreadReason(StrEnum):
    """Why the length of a file cannot be read. The value is the text for the user."""

    EMPTY = "the file is empty"
    NO_MEDIA = "it is not in a known audio or video format"
    NO_SOUND = "it has no audio"
    DAMAGED = "it is damaged or cut off"
    PART = "only a part of the file was read, and this part does not contain the length"
    UNSUPPORTED = "quotakeeper cannot read its format"
    TOO_MANY_PARTS = "it has too many frames to read"
    UNREADABLE = "it cannot be opened"
