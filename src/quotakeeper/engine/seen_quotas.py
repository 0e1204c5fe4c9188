"""Stores the quotas that providers report, without delaying calls.

`note` only adds quotas to a queue. The worker writes them between two batches, in a separate
commit. If only `remaining` or a time has changed, it writes once a minute, else within a second.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from quotakeeper.domain.quotas import FORGOTTEN_AFTER, ProviderQuota
from quotakeeper.native_threads import Empty, SimpleQueue

WRITE_SECONDS = 60.0  # between writes of figures that change with every reply
CHANGE_SECONDS = 1.0  # between writes if a quota itself has changed
HEADER_SECONDS = 1.0  # between two reads of headers of one model
_MOST_TOLD = 1_000  # replies that wait for the worker; the quotas of further replies are dropped
_MOST_KEPT = 256  # different quotas per process

log = logging.getLogger("quotakeeper.engine")
Key = tuple[str, str, str]


class QuotaStore(Protocol):
    """The method of a store that this module uses."""

    def put_quotas(self, quotas: Sequence[ProviderQuota], forget_before: int) -> None:
        """Store `quotas`, and delete all quotas that were last reported before `forget_before`."""


class SteadyClock(Protocol):
    """The method of a clock that this module uses."""

    def monotonic(self) -> float:
        """Seconds that never decrease, to measure durations."""


class SeenQuotas:
    """The quotas that replies to this process reported.

    Any thread may call `note` and `wants_headers`. Only the worker calls the other methods.
    """

    def __init__(self, clock: SteadyClock) -> None:
        self._clock = clock
        self._written: dict[Key, ProviderQuota] = {}
        self._not_before = 0.0  # when a changed quota may be written (monotonic seconds)
        self._due_at = 0.0  # when the other quotas are written
        self._headers_at: dict[tuple[str, str], float] = {}
        self.after_fork()

    def after_fork(self) -> None:
        """Drop all unwritten quotas in a forked child, because the parent writes them."""
        self._told: SimpleQueue[Sequence[ProviderQuota]] = SimpleQueue()
        self._waiting: dict[Key, ProviderQuota] = {}
        self._has_changed = False  # whether a waiting quota itself has changed
        self.has_news = False  # whether `keep` may have something to write

    def wants_headers(self, provider: str, model: str) -> bool:
        """Whether to read the quota headers of a reply: True once a second per model.

        Reading headers takes longer than all other work for a reply. Any thread may call this.
        """
        at, key = self._clock.monotonic(), (provider, model)
        last = self._headers_at.get(key)
        if last is not None and 0 <= at - last < HEADER_SECONDS:
            return False
        if last is not None or len(self._headers_at) < _MOST_KEPT:
            self._headers_at[key] = at
        return True

    def note(self, quotas: Sequence[ProviderQuota]) -> None:
        """Add the quotas that a reply reported. Never blocks; any thread may call this."""
        if quotas and self._told.qsize() < _MOST_TOLD:
            self._told.put(quotas)
            self.has_news = True

    def with_unwritten(self, kept: Sequence[ProviderQuota]) -> tuple[ProviderQuota, ...]:
        """Return the stored quotas `kept`, with the newer ones that are not written yet."""
        self._take()
        found = {each.key: each for each in kept}
        for key, quota in self._waiting.items():
            if key not in found or quota.seen_at >= found[key].seen_at:
                found[key] = quota
        return tuple(found[key] for key in sorted(found))

    def keep(self, store: QuotaStore, now: int, *, last: bool = False) -> None:
        """Write the quotas if a write is due; with `last`, always. A failure is logged and retried
        later."""
        self.has_news = False  # before looking: quotas that are noted later set it again
        self._take()
        if not self._waiting:
            return
        self.has_news = True
        at = self._clock.monotonic()
        is_due = at >= self._due_at or (at >= self._not_before and self._has_changed)
        if not (is_due or last):
            return
        self._not_before, self._due_at = at + CHANGE_SECONDS, at + WRITE_SECONDS
        try:
            store.put_quotas(tuple(self._waiting.values()), max(0, now - FORGOTTEN_AFTER))
        except Exception as error:  # noqa: BLE001 - must not fail a call
            self._not_before = self._due_at
            log.debug("quotakeeper: quotas that providers reported could not be stored: %s", error)
        else:
            self._written |= self._waiting
            self._waiting.clear()
            self._has_changed = False
            self.has_news = False
            if not self._told.empty():  # noted in the meantime
                self.has_news = True

    def _take(self) -> None:
        if self._told.empty():  # the common case; every batch checks this
            return
        with suppress(Empty):
            while True:
                for quota in self._told.get_nowait():
                    self._put(quota)

    def _put(self, quota: ProviderQuota) -> None:
        key = quota.key
        written = self._written.get(key)
        is_new = written is None and key not in self._waiting
        if is_new and len(self._written) + len(self._waiting) >= _MOST_KEPT:
            return
        self._waiting[key] = quota
        if written is None or not quota.says_as(written):
            self._has_changed = True
