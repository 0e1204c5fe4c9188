"""Facts of OpenAI: its hosts, and the variables of its SDKs."""

from __future__ import annotations

from quotakeeper.providers.facts import EnvironmentNames, ProviderFacts

FACTS = ProviderFacts(
    name="openai",
    hosts=("api.openai.com", "eu.api.openai.com", "us.api.openai.com"),
    domains=(".openai.com",),
    environment=EnvironmentNames(base_urls=("OPENAI_BASE_URL",), key="OPENAI_API_KEY"),
    precedence=30,
)
