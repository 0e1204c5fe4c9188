"""Sharing a ledger with a Unix group: modes, groups, and the reason why access is denied.

Users of the ledger file can also use the files beside it: see `file_safety.take_rights`. New files
get the group of their folder if the folder's setgid bit is set. On the BSDs and macOS, this bit is
not needed.
"""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

from quotakeeper.errors import ConfigError, LedgerUnavailableError
from quotakeeper.file_safety import GROUP_RIGHTS, user_name
from quotakeeper.identifiers import new_owner

_FOLDER_RIGHTS = GROUP_RIGHTS | stat.S_IXGRP
_NEEDS_SETGID = sys.platform == "linux"
_POSIX = hasattr(os, "geteuid")
_OPTION = '[ledger] group = "..."'


def group_id(name: str) -> int:
    """The id of a Unix group of this machine.

    Raises ConfigError if there is no such group, if this user is not a member (root is always
    accepted), and always on Windows.
    """
    if not _POSIX:
        raise ConfigError(
            "ledger.group",
            "cannot be set on Windows, which has no Unix groups",
            "leave it out, and give the users access to the ledger's folder",
        )
    import grp  # noqa: PLC0415 - not on Windows, and only for shared ledgers

    try:
        found = grp.getgrnam(name).gr_gid
    except KeyError:
        raise ConfigError(
            "ledger.group", f"this machine has no group {name[:60]!r}",
            "write the name of a group that the users are members of (see: getent group)",
        ) from None  # fmt: skip
    if os.geteuid() != 0 and found not in (os.getegid(), *os.getgroups()):
        raise ConfigError(
            "ledger.group", f"{user_name(os.geteuid())} is not a member of group {name!r}",
            f"add the user to it (sudo usermod -aG {name} USER), then log in again",
        )  # fmt: skip
    return found


def make_shared_folder(path: Path, group: int) -> None:
    """Create a folder for a group (mode 2770), atomically. Does nothing if the path exists."""
    if path.exists():
        return
    hidden = path.with_name(f".{path.name}.{new_owner()}")
    hidden.mkdir(mode=0o700)
    os.chown(hidden, -1, group)
    hidden.chmod(0o2770)
    try:
        os.rename(hidden, path)
    except OSError:  # another process was faster
        hidden.rmdir()


def make_shared_file(path: Path, group: int) -> None:
    """Create an empty file for a group (mode 0660), atomically. Does nothing if the path exists."""
    if path.exists():
        return
    hidden = path.with_name(f".{path.name}.{new_owner()}")
    fd = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.fchown(fd, -1, group)
        os.fchmod(fd, 0o660)
        with suppress(FileExistsError):
            os.link(hidden, path)
    finally:
        os.close(fd)
        hidden.unlink()


def check_folder(ledger: Path, group: int) -> None:
    """Raise LedgerUnavailableError if the group has no full rights in the ledger's folder."""
    folder = ledger.parent
    found = os.stat(folder)
    setgid = bool(found.st_mode & stat.S_ISGID) or not _NEEDS_SETGID
    if found.st_gid == group and found.st_mode & _FOLDER_RIGHTS == _FOLDER_RIGHTS and setgid:
        return
    name = group_name(group)
    raise LedgerUnavailableError(
        str(ledger), f"its folder {folder} is not shared with group {name} ({_rights(found)})",
        f"chgrp {name} {folder} && chmod 2770 {folder}",
    )  # fmt: skip


def share(ledger: Path, group: int) -> None:
    """Give the group rights on a private ledger and on the files beside the ledger.

    Opens no file, because closing a database file would release the locks that SQLite holds on the
    file. Raises LedgerUnavailableError if another user owns the ledger.
    """
    found = os.stat(ledger)
    if found.st_gid == group and found.st_mode & GROUP_RIGHTS == GROUP_RIGHTS:
        return
    if found.st_uid != os.geteuid():
        name = group_name(group)
        raise LedgerUnavailableError(
            str(ledger), f"is not shared with group {name} ({_rights(found)})",
            f"ask {user_name(found.st_uid)} to set {_OPTION.replace('...', name)} and to open the "
            f"ledger once, or run: sudo chgrp {name} {ledger} && sudo chmod 660 {ledger}",
        )  # fmt: skip
    marks = ledger.with_name(f"{ledger.name}-owners")
    beside = [ledger.with_name(name) for name in os.listdir(ledger.parent)
              if name.startswith((f"{ledger.name}-", f"{ledger.name}."))]  # fmt: skip
    inside = list(marks.iterdir()) if marks.is_dir() else []
    for path in (
        *inside,
        *beside,
        ledger,
    ):  # the ledger last: after an earlier failure, it is still private
        _give(path, group)


def _give(path: Path, group: int) -> None:
    with suppress(FileNotFoundError):
        found = os.lstat(path)
        if stat.S_ISLNK(found.st_mode) or found.st_uid != os.geteuid():
            return
        folder = stat.S_ISDIR(found.st_mode)
        os.chown(path, -1, group)
        os.chmod(path, 0o2770 if folder else stat.S_IMODE(found.st_mode) | GROUP_RIGHTS)


def why_denied(ledger: Path) -> str:
    """The reason why this user cannot use the ledger: a file or folder, its owner and mode.

    "" if no file and no folder denies the access.
    """
    if not _POSIX:
        return ""
    for folder in reversed(ledger.absolute().parents):
        if folder.exists() and not _may(folder, os.X_OK):
            return f"{_me()} has no right to enter the folder {folder} ({_rights(os.stat(folder))})"
    for end in ("", "-wal", "-shm", ".lock", "-owners"):
        path = ledger.with_name(ledger.name + end)
        if path.exists() and not _may(path, os.R_OK | os.W_OK):
            return f"{_me()} has no right to write to {path.name} ({_rights(os.stat(path))})"
    if ledger.parent.exists() and not _may(ledger.parent, os.W_OK):
        found = os.stat(ledger.parent)
        return (
            f"{_me()} has no right to create files in the folder {ledger.parent} ({_rights(found)})"
        )
    return ""


def _may(path: Path, how: int) -> bool:
    return os.access(path, how, effective_ids=os.access in os.supports_effective_ids)


def _me() -> str:
    return f"user {user_name(os.geteuid())}"


def _rights(found: os.stat_result) -> str:
    owner, group = user_name(found.st_uid), group_name(found.st_gid)
    return f"owner {owner}, group {group}, mode {stat.S_IMODE(found.st_mode):04o}"


def group_name(gid: int) -> str:
    """The name of the group with this id; "gid 1000" if the system has no name for the id."""
    try:
        import grp  # noqa: PLC0415 - not on Windows, and only for errors

        return grp.getgrgid(gid).gr_name
    except (ImportError, KeyError):
        return f"gid {gid}"
