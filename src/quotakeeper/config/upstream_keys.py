"""Reads the providers' keys of a gateway: from the environment, or from a file of its user alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from quotakeeper.config.toml_reader import read_toml
from quotakeeper.errors import ConfigError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def upstream_keys(
    variables: Mapping[str, Sequence[str]], file: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> dict[str, str]:  # fmt: skip
    """Return provider -> key.

    `variables`: provider -> the environment variables that may hold its key. The first one that is
    set is used.

    The file is TOML with lines like `gemini = "..."`, and only its owner may read it (mode 0600).
    The file goes before the environment. Raises ConfigError, which never shows a key.
    """
    environment = os.environ if environ is None else environ
    found = {name: _first(environment, names) for name, names in variables.items()}
    if file is not None:
        found |= _from_file(Path(file))
    for name, key in found.items():
        if not all("\x21" <= letter <= "\x7e" for letter in key):
            raise ConfigError(
                f"the key of {name}", "has a character that no key has", "copy it again"
            )
    return {name: key for name, key in found.items() if key}


def _first(environment: Mapping[str, str], names: Sequence[str]) -> str:
    return next((key for name in names if (key := environment.get(name, "").strip())), "")


def _from_file(path: Path) -> dict[str, str]:
    shown = str(path)
    content = read_toml(path, shown)
    if hasattr(os, "geteuid"):
        mode = path.stat().st_mode
        if mode & _OTHERS:
            raise ConfigError(
                shown, f"can be used by other users (mode {stat.S_IMODE(mode):04o})",
                f"run: chmod 600 {shown}",
            )  # fmt: skip
    for name, key in content.items():
        if not isinstance(key, str):
            raise ConfigError(
                shown, f"the key of {name[:60]!r} is not a text", 'write NAME = "KEY"'
            )
    return {name: str(key).strip() for name, key in content.items()}
