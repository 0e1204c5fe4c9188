"""OpenAI's form of API, which other providers use too: bounds, readers, usage."""
