"""The shape of OpenAI's API, which other providers answer in too: bounds, readers, usage."""
