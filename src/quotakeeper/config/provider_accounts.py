"""What the environment says of a provider's account: its key, its project, its address."""

from __future__ import annotations

import os
from collections.abc import Mapping

from quotakeeper.value_classes import dataclass, field


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """How an account is reached; the key is never shown."""

    key: str = field(default="", repr=False)
    project: str = ""
    url: str = ""


def load_account_settings(
    key: str, project: str, url: str, environ: Mapping[str, str] | None = None
) -> AccountSettings:
    """A provider's account, by the names of the variables that hold its key, project and address."""
    environment = os.environ if environ is None else environ
    return AccountSettings(
        environment.get(key, "").strip(),
        environment.get(project, "").strip(),
        environment.get(url, "").strip(),
    )
