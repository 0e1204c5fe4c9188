"""Opens files safely in folders that other users can write to: checks owners, follows no links.

In a folder that everybody can write to, such as /tmp, another user can create a file or link. It
may have a name that this package uses. So in such a folder, files and links of another user are
refused. In other folders, the folder's mode decides who can write. Links of this user and of root
are followed everywhere. On Windows, nothing is refused, because Windows has no such modes and
owners.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

GROUP_RIGHTS = stat.S_IRGRP | stat.S_IWGRP
NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_EVERYBODY_WRITES = stat.S_IWOTH


def why_not_ours(path: Path) -> str:
    """The reason why a file must not be used, for a message; "" if it may be used or does not
    exist."""
    if not hasattr(os, "geteuid"):
        return ""
    try:
        found = os.lstat(path)
        shared = os.stat(path.parent).st_mode & _EVERYBODY_WRITES
    except OSError:  # the code that opens it reports the error
        return ""
    if not shared or found.st_uid in (os.geteuid(), 0):
        return ""
    what = "is a link" if stat.S_ISLNK(found.st_mode) else "is a file"
    return (
        f"{what} of another user ({user_name(found.st_uid)}) in a folder that every user can "
        f"write to ({path.parent})"
    )


def followed(path: Path) -> Path:
    """The target of `path` if `path` is a link that may be used; otherwise `path` itself.

    `why_not_ours` decides whether the link may be used.
    """
    if os.path.islink(path) and not why_not_ours(path):
        return Path(os.path.realpath(path))
    return path


def open_ours(path: Path, flags: int, ledger: Path | None = None) -> int:
    """Open a file that only this package creates. Does not follow links. Returns the file
    descriptor.

    Only the owner can use a new file (mode 0600). If `ledger` is shared with a group, this group
    can use the file too. Raises OSError; PermissionError for a file of another user in a folder
    that everybody can write to.
    """
    try:
        fd = os.open(path, flags | NO_FOLLOW, 0o600)
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
                    f"is a file of another user ({user_name(owner)}) in a shared folder",
                    str(path),
                )
            if ledger is not None:
                take_rights(fd, ledger)
        except BaseException:
            os.close(fd)
            raise
    return fd


def take_rights(target: int | Path, ledger: Path) -> None:
    """Set the group of a new file or folder to the group of a shared ledger, and add the group's
    rights.

    SQLite does the same for the files beside its database (sqlite.org/wal.html). Does nothing if
    the ledger is private or does not exist. Raises OSError.
    """
    if not hasattr(os, "geteuid"):
        return
    try:
        model = os.stat(ledger)
    except OSError:
        return
    rights = model.st_mode & GROUP_RIGHTS
    if not rights:
        return
    found = os.stat(target)
    if found.st_uid != os.geteuid():
        return
    if stat.S_ISDIR(found.st_mode):
        rights |= stat.S_IXGRP | stat.S_ISGID  # files in it get the group too
    if found.st_gid != model.st_gid:
        os.chown(target, -1, model.st_gid)
    if found.st_mode & rights != rights:
        os.chmod(target, stat.S_IMODE(found.st_mode) | rights)


def read_ours(path: Path) -> str:
    """The text of a file that only this package creates; see `open_ours`."""
    fd = open_ours(path, os.O_RDONLY)
    try:  # open() closes no descriptor of a folder
        with open(fd, encoding="utf-8", errors="replace", closefd=False) as file:
            return file.read()
    finally:
        os.close(fd)


def write_private(path: Path, text: str) -> None:
    """Write a new UTF-8 file that only its owner can use. Raises OSError, also if the file
    exists."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_FOLLOW, 0o600)
    with open(fd, "w", encoding="utf-8") as file:
        file.write(text)


def user_name(uid: int) -> str:
    """The name of the user with this id; "uid 1000" if the system has no name for the id."""
    try:
        import pwd  # noqa: PLC0415 - not on Windows, and only for errors

        return pwd.getpwuid(uid).pw_name
    except (ImportError, KeyError):
        return f"uid {uid}"
