"""Facts of a provider that can be read without its adapter: hosts, and environment variables."""

from __future__ import annotations

from quotakeeper.value_classes import dataclass


@dataclass(frozen=True, slots=True)
class EnvironmentNames:
    """Names of the environment variables that a provider's SDKs read.

    - `base_urls`: variables with an address to call in place of the provider's own.
    - `key`: the variable with the API key; "" if no SDK reads one.
    - `project`: the variable with the id of a project; "" if there is none.
    """

    base_urls: tuple[str, ...] = ()
    key: str = ""
    project: str = ""


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """What a provider states as data. The class ProviderAdapter explains each attribute.

    A built-in provider states its facts in `facts.py`, so that a command can read them without
    loading the adapter.
    """

    name: str
    hosts: tuple[str, ...]
    domains: tuple[str, ...]
    environment: EnvironmentNames
    precedence: int


def is_host(host: str, own: str) -> bool:
    """Return whether a host equals `own`, or ends with it if `own` begins with "." or "-"."""
    return host.endswith(own) if own[0] in ".-" else host == own
