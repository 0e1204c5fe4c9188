"""Adapters for providers, without I/O: they recognise a call, bound it and read its usage.

Everything here is a function of bytes and headers. Nothing raises because of their content, and
nothing keeps a text or a key. See docs/en/reference/providers.md.
"""

from quotakeeper.providers.adapter import EnvironmentNames, ProviderAdapter
from quotakeeper.providers.contract import (
    NO_RESPONSE,
    Adapter,
    Call,
    LiveSession,
    ProviderFault,
    QuotaReading,
    Refusal,
    Request,
    Usage,
    UsageReader,
)
from quotakeeper.providers.registry import (
    adapter_named,
    adapters,
    live_session,
    plugin_problems,
    recognise,
)

__all__ = [
    "NO_RESPONSE",
    "Adapter",
    "Call",
    "EnvironmentNames",
    "LiveSession",
    "ProviderAdapter",
    "ProviderFault",
    "QuotaReading",
    "Refusal",
    "Request",
    "Usage",
    "UsageReader",
    "adapter_named",
    "adapters",
    "live_session",
    "plugin_problems",
    "recognise",
]
