"""Counts tokens: an estimate with the standard library, the exact count with the extra `exact`."""

from quotakeeper.tokens.best_count import count_tokens
from quotakeeper.tokens.estimate import Provenance, TokenEstimate, estimate_tokens
from quotakeeper.tokens.language import detect_language

__all__ = ["Provenance", "TokenEstimate", "count_tokens", "detect_language", "estimate_tokens"]
