"""Files in folders where others may write: whose they are, and opening them without following links.

In a folder that everybody may write to, such as /tmp, somebody else can have put a file or a link
under a name that is ours to use. There a file of another user is refused, and so is a link of
another user, in whatever folder its target lies. Elsewhere the folder's modes say who may write.
A user's own links and those of root are followed everywhere. Windows has neither modes nor owners
of this kind: nothing is refused there.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_EVERYBODY_WRITES = stat.S_IWOTH


def why_not_ours(path: Path) -> str:
    """Why a file must not be used by its name, for people; "" where it may, or is not there."""
    if not hasattr(os, "geteuid"):
        return ""
    try:
        found = os.lstat(path)
        shared = os.stat(path.parent).st_mode & _EVERYBODY_WRITES
    except OSError:  # what opens it says why
        return ""
    if not shared or found.st_uid in (os.geteuid(), 0):
        return ""
    what = "is a link" if stat.S_ISLNK(found.st_mode) else "is a file"
    return (
        f"{what} of another user ({_user(found.st_uid)}) in a folder that everybody may write to "
        f"({path.parent})"
    )


def followed(path: Path) -> Path:
    """The file behind a link, if the link is ours or root's; else the path as it is."""
    if os.path.islink(path) and not why_not_ours(path):
        return Path(os.path.realpath(path))
    return path


def open_ours(path: Path, flags: int, mode: int = 0o600) -> int:
    """Open a file that only programs of this package make: no link is followed.

    Raises OSError (PermissionError for a file of somebody else in a shared folder).
    """
    try:
        fd = os.open(path, flags | NO_FOLLOW, mode)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, f"{path.name} is a symbolic link", str(path)) from error
        raise
    if hasattr(os, "geteuid"):
        try:
            owner = os.fstat(fd).st_uid
            if owner not in (os.geteuid(), 0) and os.stat(path.parent).st_mode & _EVERYBODY_WRITES:
                raise PermissionError(
                    errno.EPERM,
                    f"is a file of another user ({_user(owner)}) in a shared folder",
                    str(path),
                )
        except BaseException:
            os.close(fd)
            raise
    return fd


def read_ours(path: Path) -> str:
    """The text of a file that only programs of this package make; see `open_ours`."""
    with open(open_ours(path, os.O_RDONLY), encoding="utf-8", errors="replace") as file:
        return file.read()


def write_private(path: Path, text: str) -> None:
    """Write a new file (UTF-8) for its owner alone. Raises OSError, also where one is there."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_FOLLOW, 0o600)
    with open(fd, "w", encoding="utf-8") as file:
        file.write(text)


def _user(uid: int) -> str:
    try:
        import pwd  # noqa: PLC0415 - not on Windows, and only for an error

        return f"{pwd.getpwuid(uid).pw_name}, {uid}"
    except (ImportError, KeyError):
        return f"uid {uid}"
