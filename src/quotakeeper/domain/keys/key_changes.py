"""Changes of a virtual key. Each change adds one row to the audit: who, when, before and after."""

from __future__ import annotations

from enum import StrEnum

from quotakeeper.domain.keys.virtual_key import KeySecret, KeyState, VirtualKey
from quotakeeper.domain.windows import SECOND
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import dataclass, replace

LONGEST_GRACE = 90 * 86_400 * SECOND


class KeyAct(StrEnum):
    """What an administrator did to a key."""

    CREATE = "create"
    CHANGE = "change"
    ROTATE = "rotate"
    DISABLE = "disable"
    ENABLE = "enable"
    REVOKE = "revoke"


@dataclass(frozen=True, slots=True)
class KeyOrder:
    """Who changes a key, why, and when (microseconds since 1970 UTC)."""

    actor: str
    at: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class KeyAudit:
    """One row of the audit. `before` and `after` are JSON text without any secret or digest.

    `before` is "" for a new key. `seq` is the number of the row; 0 until it is stored.
    """

    key_id: str
    act: KeyAct
    actor: str
    at: int
    why: str
    before: str
    after: str
    seq: int = 0


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A change that a store commits: the key before (None for a new key), the key after, the act."""

    act: KeyAct
    after: VirtualKey
    order: KeyOrder
    before: VirtualKey | None = None


def created(key: VirtualKey, secret: KeySecret, order: KeyOrder) -> KeyChange:
    """Return the change that stores a new key. Raises InvalidInputError if it expires at once."""
    if key.is_expired(order.at):
        raise InvalidInputError("expires", "is not in the future", "give a later time")
    new = replace(key, made_at=order.at, version=1, secrets=(secret,))
    return KeyChange(KeyAct.CREATE, new, order)


def changed(key: VirtualKey, wanted: VirtualKey, order: KeyOrder) -> KeyChange:
    """Return the change that gives a key the values of `wanted`. Its state, times and secrets stay.

    Raises InvalidInputError for a revoked key, and for an expiry that is not in the future.
    """
    _check_not_revoked(key)
    if wanted.expires_at != key.expires_at and wanted.is_expired(order.at):
        raise InvalidInputError("expires", "is not in the future", "give a later time")
    after = replace(
        wanted, id=key.id, name=key.name, state=key.state, made_at=key.made_at,
        version=key.version + 1, secrets=key.secrets,
    )  # fmt: skip
    return KeyChange(KeyAct.CHANGE, after, order, key)


def rotated(key: VirtualKey, secret: KeySecret, grace: int, order: KeyOrder) -> KeyChange:
    """Return the change that adds a secret. Older secrets stay valid for `grace` microseconds.

    An older secret that ends earlier keeps its end. Raises InvalidInputError.
    """
    _check_not_revoked(key)
    if not 0 <= grace <= LONGEST_GRACE:
        raise InvalidInputError("grace", "is longer than 90 days", "give up to 90 days")
    ends_at = order.at + grace
    older = tuple(
        each if each.ends_at is not None and each.ends_at <= ends_at
        else replace(each, ends_at=ends_at)
        for each in key.secrets
    )  # fmt: skip
    after = replace(key, version=key.version + 1, secrets=(*older, secret))
    return KeyChange(KeyAct.ROTATE, after, order, key)


def disabled(key: VirtualKey, order: KeyOrder) -> KeyChange:
    """Return the change that disables a key until `enabled`. Raises InvalidInputError."""
    return _moved(key, KeyState.ACTIVE, KeyState.DISABLED, KeyAct.DISABLE, order)


def enabled(key: VirtualKey, order: KeyOrder) -> KeyChange:
    """Return the change that enables a disabled key. Raises InvalidInputError."""
    return _moved(key, KeyState.DISABLED, KeyState.ACTIVE, KeyAct.ENABLE, order)


def revoked(key: VirtualKey, order: KeyOrder) -> KeyChange:
    """Return the change that revokes a key for ever. Raises InvalidInputError."""
    _check_not_revoked(key)
    after = replace(key, state=KeyState.REVOKED, version=key.version + 1)
    return KeyChange(KeyAct.REVOKE, after, order, key)


def _moved(
    key: VirtualKey, needed: KeyState, state: KeyState, act: KeyAct, order: KeyOrder
) -> KeyChange:
    _check_not_revoked(key)
    if key.state is not needed:
        raise InvalidInputError(
            "NAME", f"key {key.name!r} is already {key.state}", "there is nothing to change"
        )
    return KeyChange(act, replace(key, state=state, version=key.version + 1), order, key)


def _check_not_revoked(key: VirtualKey) -> None:
    if key.is_revoked:
        raise InvalidInputError(
            "NAME", f"key {key.name!r} is revoked for ever", "create a key with another name"
        )
