"""Signatures and encrypted reasoning, which a provider reads back as what the model had thought."""

from __future__ import annotations


def signature_tokens(text: str) -> int:
    """Tokens of a signature, at most: three eighths of its base64 characters.

    Billed was up to a quarter of a token a character, everything beside it included (237 recorded
    Gemini requests). Three eighths is one token for two bytes, half as much again.
    """
    return -(-len(text) * 3 // 8)


def usual_signature_tokens(text: str) -> int:
    """Tokens of a signature, typically: a tenth of its characters; many are not billed at all."""
    return len(text) // 10
