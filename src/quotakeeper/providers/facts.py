"""Facts of a provider that are known without its adapter: its hosts, and its SDKs' variables."""

from __future__ import annotations

from quotakeeper.value_classes import dataclass


@dataclass(frozen=True, slots=True)
class EnvironmentNames:
    """Names of the environment variables that a provider's SDKs read.

    Each of `base_urls` may hold an address to call in place of the provider's own. `key` holds the
    API key, `project` the id of a project; "" if the provider has none, or if no SDK reads it.
    """

    base_urls: tuple[str, ...] = ()
    key: str = ""
    project: str = ""


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """What a provider states as data. ProviderAdapter explains each attribute.

    A built-in provider states them in `facts.py` of its folder, so that a command reads them
    without the adapter.
    """

    name: str
    hosts: tuple[str, ...]
    domains: tuple[str, ...]
    environment: EnvironmentNames
    precedence: int


def is_host(host: str, own: str) -> bool:
    """Return whether a host equals `own`, or ends with it if `own` begins with "." or "-"."""
    return host.endswith(own) if own[0] in ".-" else host == own
