"""Recognises the attempts of one call: after an error, SDKs send the same bytes again."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

from quotakeeper.native_threads import RLock
from quotakeeper.providers.contract import Request
from quotakeeper.value_classes import dataclass

_MOST = 1_024
_LINKED_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Link:
    """The number of an attempt (2 for the first retry), and the id of the call's first attempt."""

    first_id: str
    number: int

    @property
    def labels(self) -> dict[str, str]:
        """The scope labels for this attempt: its number and the first attempt's id."""
        return {"call": self.first_id, "attempt": str(self.number)}


class Retries:
    """The requests that failed recently. Stores only their digests."""

    def __init__(self) -> None:
        self._failed: OrderedDict[bytes, tuple[str, int, float]] = OrderedDict()
        self._lock = RLock()

    def forked(self) -> None:
        """Replace the lock in a forked child: a thread that exists only in the parent may hold
        it."""
        self._lock = RLock()

    def link(self, request: Request, now: float) -> Link | None:
        """Return the link to the earlier attempts if this request is a retry, else None."""
        if not self._failed:
            return None
        digest = _digest(request)
        with self._lock:
            found = self._failed.get(digest) if digest else None
        if found is None or now - found[2] > _LINKED_SECONDS:
            return None
        return Link(found[0], found[1] + 1)

    def failed(self, request: Request, event_id: str, link: Link | None, now: float) -> None:
        """Remember a failed attempt: the next request with the same bytes counts as a retry of this
        call."""
        digest = _digest(request)
        if digest is None:
            return
        first, number = (link.first_id, link.number) if link else (event_id, 1)
        with self._lock:
            self._failed[digest] = (first, number, now)
            self._failed.move_to_end(digest)
            while len(self._failed) > _MOST:
                self._failed.popitem(last=False)

    def served(self, request: Request) -> None:
        """Forget the failed attempts of a call, because it got its answer.

        The next request with the same bytes then counts as another call.
        """
        if self._failed and (digest := _digest(request)):
            with self._lock:
                self._failed.pop(digest, None)


def _digest(request: Request) -> bytes | None:
    if request.body is None and request.method not in ("GET", "HEAD"):
        return None
    sender, url = (each.encode("utf-8", "replace") for each in (request.sender, request.url))
    parts = (sender, request.method.encode(), url, request.body or b"")
    return hashlib.blake2b(b"\0".join(parts), digest_size=16).digest()
