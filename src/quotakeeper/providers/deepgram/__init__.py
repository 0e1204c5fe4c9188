"""Deepgram: listen (files, addresses, live, Flux), speak, read, voice agents."""

from quotakeeper.providers.deepgram.adapter import DeepgramAdapter

ADAPTER = DeepgramAdapter()

__all__ = ["ADAPTER", "DeepgramAdapter"]
