"""Anthropic: messages, whole and streamed, with cache tiers."""

from quotakeeper.providers.anthropic.adapter import AnthropicAdapter

__all__ = ["AnthropicAdapter"]
