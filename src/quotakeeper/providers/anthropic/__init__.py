"""Anthropic: messages, whole and streamed, with cache tiers."""

from quotakeeper.providers.anthropic.adapter import AnthropicAdapter

ADAPTER = AnthropicAdapter()

__all__ = ["ADAPTER", "AnthropicAdapter"]
