"""Reads a provider account's key, project and address from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping

from quotakeeper.value_classes import dataclass, field


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """The key, project and address of a provider's account. `repr` does not show the key.

    `key_name` is the name of the environment variable that holds the key.
    """

    key: str = field(default="", repr=False)
    project: str = ""
    url: str = ""
    key_name: str = field(default="", compare=False)


def load_account_settings(
    key: str, project: str, url: str, environ: Mapping[str, str] | None = None
) -> AccountSettings:
    """Read a provider's account from the environment variables named `key`, `project` and `url`."""
    environment = os.environ if environ is None else environ
    return AccountSettings(
        environment.get(key, "").strip(),
        environment.get(project, "").strip(),
        environment.get(url, "").strip(),
        key,
    )


def first_of(names: tuple[str, ...], environ: Mapping[str, str] | None = None) -> str:
    """Return the value of the first variable in `names` that is set; "" if none is set."""
    environment = os.environ if environ is None else environ
    return next((text for name in names if (text := environment.get(name, "").strip())), "")
