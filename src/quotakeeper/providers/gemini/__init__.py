"""Gemini: the Developer API and Vertex AI, REST, streams, Live, Interactions, OpenAI's shape."""

from quotakeeper.providers.gemini.adapter import GeminiAdapter

__all__ = ["GeminiAdapter"]
