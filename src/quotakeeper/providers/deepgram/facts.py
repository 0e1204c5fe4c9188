"""Facts of Deepgram: its hosts, and the variables of its SDKs."""

from __future__ import annotations

from quotakeeper.providers.facts import EnvironmentNames, ProviderFacts

FACTS = ProviderFacts(
    name="deepgram",
    hosts=(
        "api.deepgram.com",
        "agent.deepgram.com",
        ".api.deepgram.com",
        "api.eu.deepgram.com",
        "api.au.deepgram.com",
        "api.in.deepgram.com",
    ),
    domains=(".deepgram.com",),
    environment=EnvironmentNames(
        base_urls=("DEEPGRAM_BASE_URL", "DEEPGRAM_HOST"),
        key="DEEPGRAM_API_KEY",
        project="DEEPGRAM_PROJECT_ID",
    ),
    precedence=20,
)
