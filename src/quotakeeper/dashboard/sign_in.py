"""Who may read the figures: a token that is printed once, and the sessions that it opens."""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Callable
from hashlib import sha256
from hmac import compare_digest

from quotakeeper.identifiers import random_bytes

SESSION_SECONDS = 12 * 3_600.0
MOST_SESSIONS = 64
MOST_FAILURES = 10  # in one minute; then every sign-in is refused until the minute ends
_FAILURE_SECONDS = 60.0


class ThrottledError(Exception):
    """Too many wrong tokens came in the last minute."""


class SignIn:
    """The token and the open sessions. Only digests of the secrets are kept.

    `monotonic` returns seconds that never decrease.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._token = b""
        self._sessions: dict[bytes, float] = {}
        self._failures: deque[float] = deque()

    def new_token(self) -> str:
        """Make the token, and return its text. The token before it is no longer valid."""
        text = _secret()
        self._token = _digest(text)
        return text

    def open(self, token: str) -> str | None:
        """Return the secret of a new session; None if the token is wrong. Raises ThrottledError."""
        now = self._monotonic()
        while self._failures and self._failures[0] <= now - _FAILURE_SECONDS:
            self._failures.popleft()
        if len(self._failures) >= MOST_FAILURES:
            raise ThrottledError
        if not self._token or not compare_digest(_digest(token), self._token):
            self._failures.append(now)
            return None
        self._end_old(now)
        secret = _secret()
        self._sessions[_digest(secret)] = now + SESSION_SECONDS
        return secret

    def is_open(self, secret: str) -> bool:
        """Return whether this is the secret of a session that has not ended."""
        ends = self._sessions.get(_digest(secret)) if secret else None
        return ends is not None and self._monotonic() < ends

    def close(self, secret: str) -> None:
        """End a session."""
        self._sessions.pop(_digest(secret), None)

    def _end_old(self, now: float) -> None:
        self._sessions = {key: ends for key, ends in self._sessions.items() if now < ends}
        while len(self._sessions) >= MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]  # the oldest


def _secret() -> str:
    return base64.urlsafe_b64encode(random_bytes(24)).decode("ascii")


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()
