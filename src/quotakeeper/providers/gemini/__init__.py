"""The adapter for Gemini: the Developer API and Vertex AI, in all forms of their APIs."""

from typing import TYPE_CHECKING, Any

from quotakeeper.providers.gemini.facts import FACTS

if TYPE_CHECKING:
    from quotakeeper.providers.gemini.adapter import ADAPTER, GeminiAdapter

__all__ = ["ADAPTER", "FACTS", "GeminiAdapter"]


def __getattr__(name: str) -> Any:
    # Loaded at first use: a command that needs only the facts starts faster.
    if name in __all__:
        from quotakeeper.providers.gemini import adapter  # noqa: PLC0415 - see above

        return getattr(adapter, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
