"""The adapter for OpenAI: chat, responses, embeddings, transcription, speech output, images."""

from typing import TYPE_CHECKING, Any

from quotakeeper.providers.openai.facts import FACTS

if TYPE_CHECKING:
    from quotakeeper.providers.openai.adapter import ADAPTER, OpenAIAdapter

__all__ = ["ADAPTER", "FACTS", "OpenAIAdapter"]


def __getattr__(name: str) -> Any:
    # Loaded at first use: a command that needs only the facts starts faster.
    if name in __all__:
        from quotakeeper.providers.openai import adapter  # noqa: PLC0415 - see above

        return getattr(adapter, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
