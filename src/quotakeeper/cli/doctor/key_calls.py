"""Tests an API key with one free request. The key is sent only to the provider's address."""

from __future__ import annotations

from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.request import Request

from quotakeeper.app.key_trials import KeyTrial, address_of
from quotakeeper.cli.provider_http import address_opener, checked_address
from quotakeeper.errors import InvalidInputError, ProviderError
from quotakeeper.providers.reading.redaction import redact

_TIMEOUT_SECONDS = 15


def try_key(trial: KeyTrial, key: str) -> int:
    """Send the test request of `trial` with the key, and return the HTTP status of the reply.

    Raises InvalidInputError if the address or the key is invalid, and ProviderError if the provider
    cannot be reached.
    """
    url = checked_address(address_of(trial))
    if not key.isprintable() or not key.isascii():
        raise InvalidInputError(trial.provider, "the value is not a key", "copy the key again")
    request = Request(f"{url}{trial.path}", headers={"Accept": "application/json", **trial.others})
    request.add_unredirected_header(trial.header, f"{trial.before_key}{key}")
    try:
        with address_opener(url).open(request, timeout=_TIMEOUT_SECONDS) as answer:
            status: int = answer.status
            return status
    except HTTPError as error:
        with error:
            return error.code
    except (URLError, HTTPException, OSError) as error:
        reason = getattr(error, "reason", None) or error
        problem = redact(f"{url} cannot be reached: {reason}")
        raise ProviderError(trial.provider, 0, problem) from None
