"""The adapter for Gemini: the Developer API and Vertex AI, in all forms of their APIs."""
