"""The form of OpenAI's API, which other providers use too: bounds, readers, usage."""
