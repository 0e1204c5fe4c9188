"""Links the attempts of one call: after an error, SDKs send the same bytes again."""

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
    """Which attempt of a call this is, and the id of the first one."""

    first_id: str
    number: int

    @property
    def labels(self) -> dict[str, str]:
        """The scope labels with the attempt's number and the first attempt's id."""
        return {"call": self.first_id, "attempt": str(self.number)}


class Retries:
    """The requests that failed recently. Keeps digests only, and nothing while no request fails."""

    def __init__(self) -> None:
        self._failed: OrderedDict[bytes, tuple[str, int, float]] = OrderedDict()
        self._lock = RLock()

    def forked(self) -> None:
        """Reset in a forked child: a thread that does not exist here may hold the lock."""
        self._lock = RLock()

    def link(self, request: Request, now: float) -> Link | None:
        """Return the link to the earlier attempt if this request repeats one, else None."""
        if not self._failed:
            return None
        digest = _digest(request)
        with self._lock:
            found = self._failed.get(digest) if digest else None
        if found is None or now - found[2] > _LINKED_SECONDS:
            return None
        return Link(found[0], found[1] + 1)

    def failed(self, request: Request, event_id: str, link: Link | None, now: float) -> None:
        """An attempt failed; the next request with the same bytes is the same call."""
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
        """The call got its answer; the next request with the same bytes is another call."""
        if self._failed and (digest := _digest(request)):
            with self._lock:
                self._failed.pop(digest, None)


def _digest(request: Request) -> bytes | None:
    if request.body is None and request.method not in ("GET", "HEAD"):
        return None
    parts = (request.method.encode(), request.url.encode("utf-8", "replace"), request.body or b"")
    return hashlib.blake2b(b"\0".join(parts), digest_size=16).digest()
