"""Adapters for providers: they recognise a call, bound its cost and read its usage.

Everything here is a function of bytes and headers, without I/O. No function raises, whatever the
content is. No function keeps a text or a key. See docs/en/reference/providers.md.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quotakeeper.providers.adapter import ProviderAdapter
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
    from quotakeeper.providers.facts import EnvironmentNames
    from quotakeeper.providers.plugins import plugin_problems
    from quotakeeper.providers.registry import adapter_named, adapters, live_session, recognise

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


_HOMES = {
    "adapter": ("ProviderAdapter",),
    "facts": ("EnvironmentNames",),
    "plugins": ("plugin_problems",),
    "registry": ("adapter_named", "adapters", "live_session", "recognise"),
}


def __getattr__(name: str) -> Any:
    # Loaded at first use: the registry loads every adapter.
    if name in __all__:
        home = next((home for home, names in _HOMES.items() if name in names), "contract")
        return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
