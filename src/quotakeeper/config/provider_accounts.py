"""What the environment says of a provider's account: its key, its project, its address."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

DEEPGRAM_KEY = "DEEPGRAM_API_KEY"
DEEPGRAM_PROJECT = "DEEPGRAM_PROJECT_ID"
DEEPGRAM_URL = "DEEPGRAM_BASE_URL"


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """How an account is reached; the key is never shown."""

    key: str = field(default="", repr=False)
    project: str = ""
    url: str = ""


def load_account_settings(environ: Mapping[str, str] | None = None) -> AccountSettings:
    """Deepgram's account, as its own SDKs and the sandbox name the variables."""
    environment = os.environ if environ is None else environ
    return AccountSettings(
        environment.get(DEEPGRAM_KEY, "").strip(),
        environment.get(DEEPGRAM_PROJECT, "").strip(),
        environment.get(DEEPGRAM_URL, "").strip(),
    )
