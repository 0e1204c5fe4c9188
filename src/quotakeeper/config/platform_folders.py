"""Finds the folders for config and data on each platform, with the standard library only."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from quotakeeper.errors import ConfigError

PROJECT_FILE = "quotakeeper.toml"
_APP = "quotakeeper"


def user_config_file(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """Return the path of the user's config file; the file need not exist."""
    if platform == "win32":
        folder = _absolute(environ, "APPDATA") or _home(environ, "") / "AppData" / "Roaming"
    elif platform == "darwin":
        folder = _absolute(environ, "XDG_CONFIG_HOME") or _home(environ, "") / (
            "Library/Application Support"
        )
    else:
        folder = _absolute(environ, "XDG_CONFIG_HOME") or _home(environ, "") / ".config"
    return folder / _APP / "config.toml"


def data_folder(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """Return the path of the folder for the ledger and the local tokenizer."""
    fix = "set QUOTAKEEPER_LEDGER to a path"
    if platform == "win32":
        folder = _absolute(environ, "LOCALAPPDATA") or _home(environ, fix) / "AppData" / "Local"
    elif platform == "darwin":
        folder = _absolute(environ, "XDG_DATA_HOME") or _home(environ, fix) / (
            "Library/Application Support"
        )
    else:
        folder = _absolute(environ, "XDG_DATA_HOME") or _home(environ, fix) / ".local" / "share"
    return folder / _APP


def default_ledger(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """Return the path of the default ledger."""
    return data_folder(environ, platform) / "ledger.db"


def _absolute(environ: Mapping[str, str], variable: str) -> Path | None:
    # The XDG standard says that a relative path is ignored.
    text = environ.get(variable, "")
    return Path(text) if text and Path(text).is_absolute() else None


def _home(environ: Mapping[str, str], fix: str) -> Path:
    text = environ.get("HOME") or environ.get("USERPROFILE") or ""
    if text:
        return Path(text)
    try:
        return Path.home()
    except RuntimeError:
        raise ConfigError("home folder", "cannot be found", fix or "set HOME") from None
