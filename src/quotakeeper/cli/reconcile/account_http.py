"""Reads usage from Deepgram's Management API with the standard library.

The key is sent only to Deepgram.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.request import Request

from quotakeeper.cli.provider_http import address_opener, checked_address
from quotakeeper.clocks import Clock, SystemClock
from quotakeeper.config.provider_accounts import AccountSettings
from quotakeeper.errors import InvalidInputError, ProviderError
from quotakeeper.providers.deepgram import account
from quotakeeper.providers.deepgram.errors import read_fault
from quotakeeper.providers.deepgram.facts import FACTS
from quotakeeper.providers.formats.json_values import Json, as_object, items, name_of, objects
from quotakeeper.providers.reading.redaction import redact

_NAMES = FACTS.environment
_TIMEOUT_SECONDS = 60
_MOST_BYTES = 64 * 1024 * 1024
_MOST_PAGES = 100_000
_TRIES = 3


class DeepgramAccount:
    """Reads the account of one Deepgram project.

    Raises InvalidInputError for invalid settings. Raises ProviderError if Deepgram refuses a
    request, sends an invalid reply, or cannot be reached.
    """

    def __init__(self, settings: AccountSettings, clock: Clock | None = None) -> None:
        self._key_name = settings.key_name or _NAMES.key
        self._url = checked_address(settings.url or account.DEFAULT_URL)
        if not settings.key:
            raise InvalidInputError(
                self._key_name,
                "is not set",
                "set it to a key that has the right to read usage, or use --file",
            )
        if not settings.key.isprintable() or not settings.key.isascii():
            raise InvalidInputError(self._key_name, "is not a key", "copy it again")
        self._key = settings.key
        self._clock = clock or SystemClock()
        self._opener = address_opener(self._url)
        self.project = settings.project or self._only_project()

    def requests(self, start: int | None, end: int | None) -> Iterator[Mapping[str, object]]:
        """Yield every request in `[start, end)` once. One page is fetched at a time."""
        seen: set[str] = set()
        for page in range(_MOST_PAGES):
            # Deepgram does not document whether page numbers start at 0 or 1. If at 1, pages 0 and
            # 1 are the same. From page 2 on, a page without new requests is the last.
            found = self._get(account.requests_path(self.project, start, end, page))
            listed = list(objects(found.get("requests")))
            fresh = [each for each in listed if name_of(each.get("request_id")) not in seen]
            seen.update(name_of(each.get("request_id")) for each in fresh)
            yield from fresh
            if not listed or (not fresh and page > 1):
                return

    def balances(self) -> list[tuple[Decimal, str]]:
        """Return the remaining credit of the account, as amounts with their units."""
        found = self._get(account.balances_path(self.project))
        return [
            (Decimal(amount), name_of(each.get("units")) or "usd")
            for each in objects(found.get("balances"))
            if isinstance(amount := each.get("amount"), int | Decimal)
        ]

    def _only_project(self) -> str:
        found = self._get(account.projects_path())
        names = [name_of(as_object(each).get("project_id")) for each in items(found["projects"])]
        if len(names) != 1:
            shown = ", ".join(names[:10]) or "none"
            raise InvalidInputError(
                "--project", f"the key has {len(names)} projects ({shown})",
                f"choose one with --project, or set {_NAMES.project}",
            )  # fmt: skip
        return names[0]

    def _get(self, path: str) -> Json:
        for tried in range(1, _TRIES + 1):
            try:
                return self._asked(path)
            except ProviderError as error:
                passing = error.status == 429 or error.status >= 500
                if not passing or tried == _TRIES:
                    raise
                self._clock.sleep(2 * tried)
        raise AssertionError

    def _asked(self, path: str) -> Json:
        request = Request(f"{self._url}{path}", headers={"Accept": "application/json"})
        request.add_unredirected_header("Authorization", f"Token {self._key}")
        try:
            with self._opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
                body = answer.read(_MOST_BYTES)
        except HTTPError as error:
            with error:
                raise self._refused(error.code, error.read(_MOST_BYTES)) from None
        except (URLError, HTTPException, OSError) as error:
            reason = getattr(error, "reason", None) or error
            problem = redact(f"{self._url} cannot be reached: {reason}")
            raise ProviderError("deepgram", 0, problem) from None
        try:
            found = json.loads(body, parse_float=Decimal)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise ProviderError("deepgram", 200, f"the answer is not JSON ({self._url})")
        return found

    def _refused(self, status: int, body: bytes) -> ProviderError:
        said: dict[int, str] = {
            401: f"the key in {self._key_name} is not valid",
            403: "the key has no right to read usage (it needs the scope usage:read)",
            404: f"there is no project {getattr(self, 'project', '')!r} for this key",
        }
        message = read_fault(status, {}, body).message.replace(self._key, "(removed)")
        known = said.get(status, "it redirects elsewhere" if 300 <= status < 400 else "")
        return ProviderError("deepgram", status, ": ".join(filter(None, (known, message))))
