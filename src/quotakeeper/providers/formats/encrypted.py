"""Estimates the tokens of signatures and encrypted reasoning that a request sends back."""

from __future__ import annotations


def signature_tokens(text: str) -> int:
    """Return an upper bound for the tokens of a signature: three eighths of its base64 characters.

    In 237 recorded Gemini requests, at most a quarter of a token per character was billed,
    including all other content. Three eighths is 1.5 times this figure.
    """
    return -(-len(text) * 3 // 8)


def usual_signature_tokens(text: str) -> int:
    """Return the typical tokens of a signature: a tenth of its characters, because many are not
    billed.
    """
    return len(text) // 10
