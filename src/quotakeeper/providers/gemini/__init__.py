"""Gemini: the Developer API and Vertex AI, REST, streams, Live, Interactions, OpenAI's form."""

from quotakeeper.providers.gemini.adapter import GeminiAdapter

ADAPTER = GeminiAdapter()

__all__ = ["ADAPTER", "GeminiAdapter"]
