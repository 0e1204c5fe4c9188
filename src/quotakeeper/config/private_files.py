"""Refuses a file with secrets that other users of this machine can use."""

from __future__ import annotations

import os
import stat

from quotakeeper.errors import ConfigError

_CREDENTIALS = "CREDENTIALS_DIRECTORY"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def check_private(shown: str, mode: int) -> None:
    """Raise ConfigError if other users can read or change a file. On Windows, nothing is refused.

    A credential of systemd may have the mode 0440: the group's bit then stands for an access list
    with the service's user alone (https://github.com/systemd/systemd/issues/29435).
    """
    others = _OTHERS & ~stat.S_IRGRP if _is_credential(shown) else _OTHERS
    if hasattr(os, "geteuid") and mode & others:
        raise ConfigError(
            shown, f"can be used by other users (mode {stat.S_IMODE(mode):04o})",
            f"run: chmod 600 {shown}",
        )  # fmt: skip


def _is_credential(path: str) -> bool:
    """Whether a file is in the folder that systemd has made for this service alone."""
    folder = os.environ.get(_CREDENTIALS, "")
    return bool(folder) and os.path.dirname(os.path.realpath(path)) == os.path.realpath(folder)
