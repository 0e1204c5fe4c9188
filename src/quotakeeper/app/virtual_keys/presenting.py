"""Accepts or refuses a presented secret, with a short-lived cache of the keys that were found."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from quotakeeper.domain.keys.key_refusals import KeyRefusal, KeyRefusalCode, refusal_of
from quotakeeper.domain.keys.key_store import KeyStore
from quotakeeper.domain.keys.key_text import digest_of, same_digest
from quotakeeper.domain.keys.virtual_key import VirtualKey
from quotakeeper.native_threads import Lock
from quotakeeper.value_classes import dataclass

# A change of a key is seen everywhere within 5 s. This leaves one second to a gateway that asks
# again about the keys of its open streams.
OLDEST_SECONDS = 4.0
MOST_CACHED = 4_096
_NOBODY = bytes(32)  # no secret has this SHA-256
_INVALID = KeyRefusal(KeyRefusalCode.INVALID)


@dataclass(frozen=True, slots=True)
class PresentedKey:
    """A key whose secret was presented and accepted. `digest` is the SHA-256 of that secret."""

    key: VirtualKey
    digest: bytes


class KeyPresenter:
    """Finds the key of a presented secret. Any thread may use it.

    `now` returns the time in microseconds since 1970 UTC, and `monotonic` returns seconds that
    never decrease.

    A key that was read less than `OLDEST_SECONDS` ago is not read again. States and lists of a key
    can be that old. Instants are compared with `now` at each call, so an expiry and the end of a
    grace period are exact. A secret that no key has is not cached: it cannot drive out a key, and a
    new key works at once. If the ledger cannot be read, an older key is not used.
    """

    def __init__(
        self, store: KeyStore, now: Callable[[], int], monotonic: Callable[[], float]
    ) -> None:
        self._store = store
        self._now = now
        self._monotonic = monotonic
        self._lock = Lock()
        self._cached: OrderedDict[bytes, tuple[float, VirtualKey]] = OrderedDict()

    def present(self, secret: object) -> PresentedKey | KeyRefusal:
        """Return the key of a secret, or the refusal. Raises LedgerError if the key cannot be read.

        A secret with a wrong form or checksum is refused without a query. May block for a query;
        `present_cached` does not.
        """
        digest = digest_of(secret)
        return _INVALID if digest is None else self._verdict(digest, self._found(digest))

    def present_cached(self, secret: object) -> PresentedKey | KeyRefusal | None:
        """Return what `present` returns if no query is needed; else None."""
        digest = digest_of(secret)
        if digest is None:
            return _INVALID
        key = self._remembered(digest)
        return None if key is None else self._verdict(digest, key)

    def again(self, presented: PresentedKey) -> PresentedKey | KeyRefusal:
        """Ask again about a key that was accepted before, such as that of an open stream."""
        return self._verdict(presented.digest, self._found(presented.digest))

    def judged(self, presented: PresentedKey) -> PresentedKey | KeyRefusal:
        """Judge a key as it was read when it was accepted, without a query: has it expired?"""
        return self._verdict(presented.digest, presented.key)

    def check(self) -> None:
        """Look up a key that does not exist. Raises LedgerError if keys cannot be read."""
        self._store.find(_NOBODY)

    def forget(self) -> None:
        """Clear the cache."""
        with self._lock:
            self._cached.clear()

    def _verdict(self, digest: bytes, key: VirtualKey | None) -> PresentedKey | KeyRefusal:
        if key is None:
            return _INVALID
        secret = next((each for each in key.secrets if same_digest(each.digest, digest)), None)
        if secret is None:
            return _INVALID
        return refusal_of(key, secret, self._now()) or PresentedKey(key, digest)

    def _found(self, digest: bytes) -> VirtualKey | None:
        key = self._remembered(digest)
        if key is not None:
            return key
        read_at = self._monotonic()  # before the query, so that the age is never too low
        key = self._store.find(digest)
        with self._lock:
            self._cached.pop(digest, None)
            if key is not None:
                self._cached[digest] = read_at, key
                if len(self._cached) > MOST_CACHED:
                    self._cached.popitem(last=False)
        return key

    def _remembered(self, digest: bytes) -> VirtualKey | None:
        with self._lock:
            found = self._cached.get(digest)
            if found is None or self._monotonic() - found[0] >= OLDEST_SECONDS:
                return None
            self._cached.move_to_end(digest)
            return found[1]
