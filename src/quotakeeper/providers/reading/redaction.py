"""Takes keys out of texts that will be shown or stored."""

from __future__ import annotations

import re

MOST_MESSAGE = 300
_SECRETS = (
    re.compile(
        r"(?i)\b((?:api[_-]?)?key|token|access_token|secret|password)(\s*[=:]\s*)[^\s&\"',;]+"
    ),
    re.compile(r"(?i)\b(bearer|token|basic)(\s+)(?=\S*\d)[\w.~+/=-]{8,}"),
)
_BARE = re.compile(
    r"AIza[\w-]{20,}|\bAQ\.[\w.-]{20,}|\bya29\.[\w.-]+|\bsk-[\w-]{8,}|\bauth_tokens/[\w-]+"
    r"|\beyJ[\w-]+\.[\w-]+\.[\w-]*|\b[0-9a-fA-F]{32,}\b"
)


def redact(text: str) -> str:
    """The text on one line, with anything that may be a key replaced, at most 300 characters."""
    line = " ".join(text[: 4 * MOST_MESSAGE].split())
    for pattern in _SECRETS:
        line = pattern.sub(r"\1\2(removed)", line)
    line = _BARE.sub("(removed)", line)
    return line if len(line) <= MOST_MESSAGE else line[: MOST_MESSAGE - 3] + "..."
