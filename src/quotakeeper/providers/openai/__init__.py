"""The adapter for OpenAI: chat, responses, embeddings, transcription, speech output, images."""
