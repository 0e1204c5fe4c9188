"""The adapter for Deepgram: transcription, speech output, text intelligence, voice agents."""

from typing import TYPE_CHECKING, Any

from quotakeeper.providers.deepgram.facts import FACTS

if TYPE_CHECKING:
    from quotakeeper.providers.deepgram.adapter import ADAPTER, DeepgramAdapter

__all__ = ["ADAPTER", "FACTS", "DeepgramAdapter"]


def __getattr__(name: str) -> Any:
    # Loaded at first use: a command that needs only the facts starts faster.
    if name in __all__:
        from quotakeeper.providers.deepgram import adapter  # noqa: PLC0415 - see above

        return getattr(adapter, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
