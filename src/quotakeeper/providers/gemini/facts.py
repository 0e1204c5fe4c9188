"""Facts of Gemini: its hosts, and the variables of its SDKs."""

from __future__ import annotations

from quotakeeper.providers.facts import EnvironmentNames, ProviderFacts

FACTS = ProviderFacts(
    name="gemini",
    hosts=(
        "generativelanguage.googleapis.com",
        "aiplatform.googleapis.com",
        "-aiplatform.googleapis.com",
        "aiplatform.us.rep.googleapis.com",
        "aiplatform.eu.rep.googleapis.com",
    ),
    domains=(".googleapis.com",),
    environment=EnvironmentNames(
        base_urls=("GOOGLE_GEMINI_BASE_URL", "GOOGLE_VERTEX_BASE_URL"), key="GEMINI_API_KEY"
    ),
    precedence=10,
)
