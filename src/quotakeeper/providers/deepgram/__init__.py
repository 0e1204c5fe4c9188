"""The adapter for Deepgram: transcription, speech output, text intelligence, voice agents."""
