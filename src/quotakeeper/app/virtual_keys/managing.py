"""Creates, rotates, disables, enables and revokes virtual keys. Each act adds a row to the audit."""

from __future__ import annotations

from collections.abc import Callable

from quotakeeper.domain.keys import key_changes
from quotakeeper.domain.keys.key_changes import KeyChange, KeyOrder
from quotakeeper.domain.keys.key_store import KeyStore
from quotakeeper.domain.keys.key_text import RANDOM_BYTES, digest_of, key_text, last_four
from quotakeeper.domain.keys.virtual_key import KeySecret, VirtualKey, check_no_secret, checked
from quotakeeper.domain.usage import check_label
from quotakeeper.errors import InvalidInputError
from quotakeeper.identifiers import new_id, random_bytes, user_at_host
from quotakeeper.known_names import nearest
from quotakeeper.value_classes import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key and its new secret. The secret is not stored, so it can be shown only now."""

    key: VirtualKey
    secret: str = field(repr=False)


class KeyWasChangedError(InvalidInputError):
    """Somebody else changed the key first, so it does not have the expected version."""

    def __init__(self, key: VirtualKey) -> None:
        self.key = key
        super().__init__(
            "version", f"key {key.name!r} was changed in the meantime: it has version {key.version}",
            "read it again, and repeat the change",
        )  # fmt: skip


class KeyManager:
    """Changes the keys of one store. `now` returns the time in microseconds since 1970 UTC.

    `actor` is written to the audit; by default user@host. With `version`, a key is changed only if
    it has this version; otherwise KeyWasChangedError. Every method may raise InvalidInputError and
    LedgerError.
    """

    def __init__(self, store: KeyStore, now: Callable[[], int], actor: str | None = None) -> None:
        self._store = store
        self._now = now
        self._actor = user_at_host() if actor is None else check_label(actor, "by")

    def create(self, wanted: VirtualKey, why: str = "") -> IssuedKey:
        """Store a new key with the values of `wanted`; its `id`, times and secrets are set here.

        Raises InvalidInputError if the name was ever used, or a value is not valid.
        """
        order = self._order(why)
        key = checked(replace(wanted, id=new_id(order.at)))
        text, secret = _new_secret(order.at)

        def decide(before: VirtualKey | None) -> KeyChange:
            if before is not None:
                raise InvalidInputError(
                    "NAME", f"there is already a key {key.name!r} ({before.state})",
                    "give another name: the name of a key is never used again",
                )  # fmt: skip
            return key_changes.created(key, secret, order)

        return IssuedKey(self._store.change(key.name, decide), text)

    def change(
        self, name: str, edit: Callable[[VirtualKey], VirtualKey], why: str = "",
        version: int | None = None,
    ) -> VirtualKey:  # fmt: skip
        """Store the values that `edit` returns. The key's name, state, times and secrets stay.

        `edit` may be called more than once. Returns the key after the change.
        """
        order = self._order(why)
        return self._changed(
            name, lambda key: key_changes.changed(key, checked(edit(key)), order), version
        )

    def rotate(
        self, name: str, grace: int, why: str = "", version: int | None = None
    ) -> IssuedKey:  # fmt: skip
        """Give a key a new secret. The older secrets stay valid for `grace` microseconds."""
        order = self._order(why)
        text, secret = _new_secret(order.at)
        key = self._changed(
            name, lambda key: key_changes.rotated(key, secret, grace, order), version
        )
        return IssuedKey(key, text)

    def disable(self, name: str, why: str = "", version: int | None = None) -> VirtualKey:
        """Refuse a key until it is enabled again. Returns the key after the change."""
        order = self._order(why)
        return self._changed(name, lambda key: key_changes.disabled(key, order), version)

    def enable(self, name: str, why: str = "", version: int | None = None) -> VirtualKey:
        """Accept a disabled key again. Returns the key after the change."""
        order = self._order(why)
        return self._changed(name, lambda key: key_changes.enabled(key, order), version)

    def revoke(self, name: str, why: str = "", version: int | None = None) -> VirtualKey:
        """Refuse a key for ever. Returns the key after the change."""
        order = self._order(why)
        return self._changed(name, lambda key: key_changes.revoked(key, order), version)

    def _order(self, why: str) -> KeyOrder:
        check_no_secret("why", why)
        return KeyOrder(self._actor, self._now(), check_label(why, "why", empty=True))

    def _changed(
        self, name: str, change: Callable[[VirtualKey], KeyChange], version: int | None = None
    ) -> VirtualKey:  # fmt: skip
        name = check_label(name, "NAME")
        key_named(self._store, name)  # so that a mistyped name makes no tables

        def decide(before: VirtualKey | None) -> KeyChange:
            if before is None:
                raise no_such_key(self._store, name)
            if version is not None and before.version != version:
                raise KeyWasChangedError(before)
            return change(before)

        return self._store.change(name, decide)


def key_named(store: KeyStore, name: str) -> VirtualKey:
    """Return the key with this name. Raises InvalidInputError, which suggests the most similar name."""
    check_no_secret("NAME", name)
    for key in store.all_keys():
        if key.name == name:
            return key
    raise no_such_key(store, name)


def no_such_key(store: KeyStore, name: str) -> InvalidInputError:
    """Return the error for a name that no key has."""
    names = {key.name for key in store.all_keys()}
    near = nearest(name, names, cutoff=0.5)
    fix = f"did you mean {near!r}?" if near else "see: quotakeeper keys list --all"
    return InvalidInputError("NAME", f"there is no key {name[:60]!r}", fix)


def _new_secret(at: int) -> tuple[str, KeySecret]:
    text = key_text(random_bytes(RANDOM_BYTES))
    digest = digest_of(text)
    assert digest is not None
    return text, KeySecret(digest, last_four(text), at)
