"""Why a presented secret is refused: one text for everybody, and a code for logs and programs."""

from __future__ import annotations

from enum import StrEnum

from quotakeeper.domain.keys.virtual_key import KeySecret, KeyState, VirtualKey
from quotakeeper.value_classes import dataclass

# The same for every refusal, so that it tells nobody whether a key exists.
REFUSAL_TEXT = "the API key is not valid"


class KeyRefusalCode(StrEnum):
    """The reason for a refusal. All but INVALID are only for who has presented a true secret."""

    INVALID = "key_invalid"
    ROTATED = "key_rotated"
    REVOKED = "key_revoked"
    DISABLED = "key_disabled"
    EXPIRED = "key_expired"


@dataclass(frozen=True, slots=True)
class KeyRefusal:
    """A refusal of a presented secret. It contains neither the secret nor a name."""

    code: KeyRefusalCode

    @property
    def text(self) -> str:
        """The text for the client. It is the same for every code."""
        return REFUSAL_TEXT


def refusal_of(key: VirtualKey, secret: KeySecret, now: int) -> KeyRefusal | None:
    """Return why a true secret of `key` is refused at `now`; None if it is accepted.

    `now` is in microseconds since 1970 UTC. Each instant that ends a right is compared here, so a
    right ends at its instant in every process, however old the cached key is.
    """
    if key.is_revoked:
        return KeyRefusal(KeyRefusalCode.REVOKED)
    if not secret.is_valid(now):
        return KeyRefusal(KeyRefusalCode.ROTATED)
    if key.state is KeyState.DISABLED:
        return KeyRefusal(KeyRefusalCode.DISABLED)
    if key.is_expired(now):
        return KeyRefusal(KeyRefusalCode.EXPIRED)
    return None
