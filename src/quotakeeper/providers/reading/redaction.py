"""Removes API keys and passwords from texts that are shown or stored."""

from __future__ import annotations

import re
from collections.abc import Iterable

MOST_MESSAGE = 300
MOST_OWN_MESSAGE = 900  # characters: the limit, what was reserved and why, and the fix
_NAMED = r"(?i)\b((?:api[_-]?)?key|token|access_token|secret|password)(\s*[=:]\s*)[^\s&\"',;]+"
_SCHEME = re.compile(r"(?i)\b(bearer|token|basic)(\s+)(?=\S*\d)[\w.~+/=-]{8,}")
_SECRETS = (re.compile(_NAMED), _SCHEME)
# In our own messages, a limit of one label value has this value in its name: "each key [key=lan]".
_OWN_SECRETS = (re.compile(_NAMED.replace(r"\b", r"(?<!\[)\b", 1)), _SCHEME)
_BARE = re.compile(
    r"AIza[\w-]{20,}|\bAQ\.[\w.-]{20,}|\bya29\.[\w.-]+|\bsk-[\w-]{8,}|\bauth_tokens/[\w-]+"
    r"|\bqk_[0-9A-Za-z]{16,}|\beyJ[\w-]+\.[\w-]+\.[\w-]*|\b[0-9a-fA-F]{32,}\b"
)


def own_message(text: str) -> str:
    """Remove secrets from quotakeeper's own message, and cut it to 900 characters."""
    return _redacted(text, MOST_OWN_MESSAGE, _OWN_SECRETS)


def redact(text: str, most: int = MOST_MESSAGE) -> str:
    """Return the text on one line of at most `most` characters, without what looks like a key.

    Each such part becomes "(removed)".
    """
    return _redacted(text, most, _SECRETS)


def _redacted(text: str, most: int, secrets: Iterable[re.Pattern[str]]) -> str:
    line = " ".join(text[: 4 * most].split())
    for pattern in secrets:
        line = pattern.sub(r"\1\2(removed)", line)
    line = _BARE.sub("(removed)", line)
    return line if len(line) <= most else line[: most - 3] + "..."
