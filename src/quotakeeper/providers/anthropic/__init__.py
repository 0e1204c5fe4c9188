"""The adapter for Anthropic: messages, whole or streamed, with cached tokens."""

from typing import TYPE_CHECKING, Any

from quotakeeper.providers.anthropic.facts import FACTS

if TYPE_CHECKING:
    from quotakeeper.providers.anthropic.adapter import ADAPTER, AnthropicAdapter

__all__ = ["ADAPTER", "FACTS", "AnthropicAdapter"]


def __getattr__(name: str) -> Any:
    # Loaded at first use: a command that needs only the facts starts faster.
    if name in __all__:
        from quotakeeper.providers.anthropic import adapter  # noqa: PLC0415 - see above

        return getattr(adapter, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
