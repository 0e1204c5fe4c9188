"""Counts tokens with the local tokenizer if it is installed, else with the built-in estimate."""

from __future__ import annotations

import logging
from functools import cache

from quotakeeper.errors import ConfigError, TokenizerError
from quotakeeper.tokens import exact
from quotakeeper.tokens.estimate import TokenEstimate, estimate_tokens

_LONGEST_EXACT = 2_000_000  # characters; the exact count of a longer text takes too long

log = logging.getLogger("quotakeeper.tokens")


def count_tokens(text: str) -> TokenEstimate:
    """Return the tokens of a text; `provenance` is "tokenizer" or "estimated".

    If the tokenizer fails, one warning is logged, and all later counts are estimates. Raises
    InvalidInputError if `text` is not a string.
    """
    if isinstance(text, str) and len(text) <= _LONGEST_EXACT and _tokenizer_works():
        return exact.count_tokens(text)
    return estimate_tokens(text)


@cache
def _tokenizer_works() -> bool:
    if not exact.is_installed():
        return False
    try:
        exact.count("a")
    except (TokenizerError, ConfigError) as error:
        log.warning("quotakeeper: token counts are estimates from now on: %s", error)
        return False
    return True
