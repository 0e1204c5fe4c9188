"""OpenAI: chat, responses, embeddings, speech both ways. Gemini's compatible endpoint reads alike."""

from quotakeeper.providers.openai.adapter import OpenAIAdapter

__all__ = ["OpenAIAdapter"]
