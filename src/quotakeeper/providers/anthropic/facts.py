"""Facts of Anthropic: its hosts, and the variables of its SDKs."""

from __future__ import annotations

from quotakeeper.providers.facts import EnvironmentNames, ProviderFacts

FACTS = ProviderFacts(
    name="anthropic",
    hosts=("api.anthropic.com",),
    domains=(".anthropic.com",),
    environment=EnvironmentNames(base_urls=("ANTHROPIC_BASE_URL",), key="ANTHROPIC_API_KEY"),
    precedence=40,
)
