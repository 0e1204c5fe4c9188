"""Facts of all providers: names, hosts, variables. The built-in adapters are not loaded.

A provider is a folder beside this file with `FACTS`, or a plug-in of another package.
"""

from __future__ import annotations

from collections.abc import Iterator

from quotakeeper.providers.built_in import built_in_facts
from quotakeeper.providers.facts import ProviderFacts, is_host
from quotakeeper.providers.plugins import plugin_adapters


def provider_names() -> frozenset[str]:
    """Return the names of all providers, including plug-ins."""
    plugins = (adapter.name for adapter in plugin_adapters())
    return frozenset((*(facts.name for facts in built_in_facts()), *plugins))


def base_url_variables() -> dict[str, str]:
    """Return environment variable -> provider, for the variables that hold a base URL."""
    found: dict[str, str] = {}
    for facts in _all_facts():
        for variable in facts.environment.base_urls:
            found.setdefault(variable, facts.name)
    return found


def key_variables() -> dict[str, str]:
    """Return provider -> environment variable of its API key, for providers that state one."""
    return {facts.name: facts.environment.key for facts in _all_facts() if facts.environment.key}


def is_provider_host(host: str) -> bool:
    """Return whether a host belongs to a provider. A provider's host need not be listed in the
    settings.
    """
    return any(
        is_host(f".{host}" if own[:1] == "." else host, own)
        for facts in _all_facts()
        for own in (*facts.hosts, *facts.domains)
    )


def provider_hosts() -> tuple[str, ...]:
    """Return the hosts that answer calls. An entry that begins with "." or "-" is an ending of
    hosts.
    """
    return tuple(dict.fromkeys(host for each in _all_facts() for host in each.hosts))


def _all_facts() -> Iterator[ProviderFacts]:
    yield from built_in_facts()
    others = plugin_adapters()
    if others:
        from quotakeeper.providers.adapter import ProviderAdapter  # noqa: PLC0415 - few have plug-ins

        for each in others:
            if isinstance(each, ProviderAdapter):  # a plug-in with only the methods states no facts
                yield ProviderFacts(
                    each.name, each.hosts, each.domains, each.environment, each.precedence
                )
