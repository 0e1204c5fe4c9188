"""Refuses the parameters of a query that would hide the usage from the answer."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from quotakeeper.gateway.answers import GatewayAnswerError

_HIDING = ("fields", "callback")
_FORMAT = ("alt", "$alt")
_READ_FORMATS = ("sse", "json")
_SEPARATOR = re.compile("[&;]")  # some servers split at both


def check_query(target: str) -> None:
    """Raise GatewayAnswerError (400) for a query with a parameter that hides the usage.

    Such parameters choose the fields or the format of an answer, or send it to another address.
    """
    for part in _SEPARATOR.split(target.partition("?")[2]):
        name, _, value = (unquote_plus(each) for each in part.partition("="))
        name = name.strip().lower()
        hides = name in _HIDING or (name.startswith("$") and name not in _FORMAT)
        if hides or (name in _FORMAT and value not in _READ_FORMATS):
            text = f"the query parameter {name[:40]!r} is not served, because it can hide the usage"
            raise GatewayAnswerError(400, "parameter_not_served", text)
