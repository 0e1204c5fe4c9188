"""The adapter for Anthropic: messages, whole or streamed, with cached tokens."""
