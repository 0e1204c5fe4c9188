"""Keeps what providers say of their own quotas, beside the calls and never in their way.

`note` only puts them into a queue. The worker takes them out between two batches and writes them in
a commit of their own: at once where a quota itself has changed, else once a minute.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from quotakeeper.domain.quotas import FORGOTTEN_AFTER, ProviderQuota
from quotakeeper.native_threads import Empty, SimpleQueue

WRITE_SECONDS = 60.0  # between writes of figures that change with each reply
CHANGE_SECONDS = 1.0  # between writes of quotas that have changed themselves
HEADER_SECONDS = 1.0  # between replies of one model whose headers are read
_MOST_TOLD = 1_000  # replies that wait for the worker; further ones are left out
_MOST_KEPT = 256  # different quotas of one process

log = logging.getLogger("quotakeeper.engine")
Key = tuple[str, str, str]


class QuotaStore(Protocol):
    """What is asked of a store."""

    def put_quotas(self, quotas: Sequence[ProviderQuota], forget_before: int) -> None:
        """Keep them."""


class SteadyClock(Protocol):
    """What is asked of the clock."""

    def monotonic(self) -> float:
        """Seconds, for durations."""


class SeenQuotas:
    """The quotas that this process was told of.

    All but `note` and `wants_headers` is for the worker's thread.
    """

    def __init__(self, clock: SteadyClock) -> None:
        self._clock = clock
        self._written: dict[Key, ProviderQuota] = {}
        self._not_before = 0.0  # the first instant at which what has changed may be written
        self._due_at = 0.0  # and all the rest
        self._headers_at: dict[tuple[str, str], float] = {}
        self.after_fork()

    def after_fork(self) -> None:
        """In a forked child: what was not written yet is the parent's to write."""
        self._told: SimpleQueue[Sequence[ProviderQuota]] = SimpleQueue()
        self._waiting: dict[Key, ProviderQuota] = {}
        self._has_changed = False  # whether one that waits differs in itself from what was written

    def wants_headers(self, provider: str, model: str) -> bool:
        """Whether the headers of a reply are to be read: once a second for each model.

        Reading them takes longer than all the rest that is done for a reply. Any thread may ask.
        """
        at, key = self._clock.monotonic(), (provider, model)
        last = self._headers_at.get(key)
        if last is not None and 0 <= at - last < HEADER_SECONDS:
            return False
        if last is not None or len(self._headers_at) < _MOST_KEPT:
            self._headers_at[key] = at
        return True

    def note(self, quotas: Sequence[ProviderQuota]) -> None:
        """Take quotas that a reply told of. Never waits; safe in any thread."""
        if quotas and self._told.qsize() < _MOST_TOLD:
            self._told.put(quotas)

    def with_unwritten(self, kept: Sequence[ProviderQuota]) -> tuple[ProviderQuota, ...]:
        """What the store keeps, with what this process has not written yet."""
        self._take()
        found = {each.key: each for each in kept}
        for key, quota in self._waiting.items():
            if key not in found or quota.seen_at >= found[key].seen_at:
                found[key] = quota
        return tuple(found[key] for key in sorted(found))

    def keep(self, store: QuotaStore, now: int, *, last: bool = False) -> None:
        """Write what is due; with `last`, all there is. A failure is logged and tried again later."""
        self._take()
        if not self._waiting:
            return
        at = self._clock.monotonic()
        is_due = at >= self._due_at or (at >= self._not_before and self._has_changed)
        if not (is_due or last):
            return
        self._not_before, self._due_at = at + CHANGE_SECONDS, at + WRITE_SECONDS
        try:
            store.put_quotas(tuple(self._waiting.values()), max(0, now - FORGOTTEN_AFTER))
        except Exception as error:  # noqa: BLE001 - never the trouble of a call
            self._not_before = self._due_at
            log.debug("quotakeeper: what providers said of their quotas is not kept: %s", error)
        else:
            self._written |= self._waiting
            self._waiting.clear()
            self._has_changed = False

    def _take(self) -> None:
        if self._told.empty():  # nearly always, and each batch asks
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
