"""Reads the settings of this process's meter from the environment. Does not load the meter."""

from __future__ import annotations

from collections.abc import Mapping

from quotakeeper.config.child_environment import (
    BASE_URLS,
    SdkVariables,
    WatchSettings,
    load_watch_settings,
)
from quotakeeper.errors import ConfigError
from quotakeeper.known_names import nearest_text
from quotakeeper.providers.directory import (
    base_url_variables,
    is_provider_host,
    provider_names,
)


def read_watch_settings(environ: Mapping[str, str] | None = None) -> WatchSettings:
    """Return the settings of this process's meter from the environment. Raises ConfigError."""
    watching = load_watch_settings(sdk_variables(), environ)
    _check_hosts(watching)
    return watching


def sdk_variables() -> SdkVariables:
    """Return the environment variables that give SDKs a base URL other than the provider's own."""
    return SdkVariables(base_url_variables(), is_provider_host)


def _check_hosts(watching: WatchSettings) -> None:
    """Raise ConfigError if an address is mapped to a provider that no adapter knows."""
    known = provider_names()
    for address, name in watching.known_hosts.items():
        if name not in known:
            raise ConfigError(
                BASE_URLS, f"unknown provider {name[:60]!r} of {address[:80]}",
                nearest_text(name, known),
            )  # fmt: skip
