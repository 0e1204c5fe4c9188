"""Admin tokens: which one a request has, and what it may do. Only SHA-256 digests are kept."""

from __future__ import annotations

from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest

from quotakeeper.domain.keys.key_text import ADMIN_PREFIX
from quotakeeper.identifiers import random_bytes
from quotakeeper.value_classes import dataclass

_RANDOM_BYTES = 32


class Scope(StrEnum):
    """What a token may do. A token that may write may also read."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class AdminTokens:
    """The digests of the accepted tokens. `reader` is None without a token that may only read."""

    writer: bytes
    reader: bytes | None = None

    def scopes_of(self, token: str) -> frozenset[Scope]:
        """Return what a token may do; nothing for a wrong token.

        The time does not depend on where a wrong token differs.
        """
        digest = _digest(token)
        writes = compare_digest(digest, self.writer)
        reads = self.reader is not None and compare_digest(digest, self.reader)
        if writes:
            return frozenset(Scope)
        return frozenset((Scope.READ,)) if reads else frozenset()


def tokens_of(writer: str, reader: str = "") -> AdminTokens:
    """Return the digests of tokens. `reader` is "" if there is none."""
    return AdminTokens(_digest(writer), _digest(reader) if reader else None)


def new_token() -> str:
    """Return a new token with 256 random bits."""
    return ADMIN_PREFIX + random_bytes(_RANDOM_BYTES).hex()


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogateescape")).digest()
