"""Reads the providers' keys of a gateway: from the environment, or from a file of its user alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from quotakeeper.config.private_files import check_private
from quotakeeper.config.toml_reader import read_toml
from quotakeeper.errors import ConfigError


def upstream_keys(
    variables: Mapping[str, str], file: str | None = None, environ: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return provider -> key. `variables`: provider -> the environment variable of its key.

    The file is TOML with lines like `gemini = "..."`, and only its owner may read it (mode 0600).
    The file goes before the environment. Raises ConfigError, which never shows a key.
    """
    environment = os.environ if environ is None else environ
    found = {name: environment.get(variable, "").strip() for name, variable in variables.items()}
    if file is not None:
        found |= _from_file(Path(file))
    for name, key in found.items():
        if not all("\x21" <= letter <= "\x7e" for letter in key):
            raise ConfigError(
                f"the key of {name}", "has a character that no key has", "copy it again"
            )
    return {name: key for name, key in found.items() if key}


def _from_file(path: Path) -> dict[str, str]:
    shown = str(path)
    content = read_toml(path, shown)
    check_private(shown, path.stat().st_mode)
    for name, key in content.items():
        if not isinstance(key, str):
            raise ConfigError(
                shown, f"the key of {name[:60]!r} is not a text", 'write NAME = "KEY"'
            )
    return {name: str(key).strip() for name, key in content.items()}
