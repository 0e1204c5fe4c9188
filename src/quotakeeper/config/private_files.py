"""Refuses a file with secrets that other users of this machine can use."""

from __future__ import annotations

import os
import stat

from quotakeeper.errors import ConfigError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def check_private(shown: str, mode: int) -> None:
    """Raise ConfigError if other users can read or change a file. On Windows, nothing is refused."""
    if hasattr(os, "geteuid") and mode & _OTHERS:
        raise ConfigError(
            shown, f"can be used by other users (mode {stat.S_IMODE(mode):04o})",
            f"run: chmod 600 {shown}",
        )  # fmt: skip
