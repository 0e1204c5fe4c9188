"""OpenAI: chat, responses, embeddings, speech both ways, images."""

from quotakeeper.providers.openai.adapter import OpenAIAdapter

ADAPTER = OpenAIAdapter()

__all__ = ["ADAPTER", "OpenAIAdapter"]
