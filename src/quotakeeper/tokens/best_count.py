"""The best count there is on this machine: the local tokenizer where it is installed, else the
built-in estimate. Every count says which."""

from __future__ import annotations

import logging
from functools import cache

from quotakeeper.errors import ConfigError, TokenizerError
from quotakeeper.tokens import exact
from quotakeeper.tokens.estimate import TokenEstimate, estimate_tokens

_LONGEST_EXACT = 2_000_000  # characters; beyond it the tokenizer would hold the caller up for long

log = logging.getLogger("quotakeeper.tokens")


def count_tokens(text: str) -> TokenEstimate:
    """Count a text; `provenance` is "tokenizer" or "estimated".

    A tokenizer that turns out to be unusable is said once and not tried again.
    Raises InvalidInputError for what is not a string.
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
        log.warning("quotakeeper: counts are estimated: %s", error)
        return False
    return True
