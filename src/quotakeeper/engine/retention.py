"""Keeping the ledger from growing for ever: single calls of long ago go, what they came to stays."""

from __future__ import annotations

from quotakeeper.domain.ports import Compacted, LedgerUpkeep
from quotakeeper.domain.units import check_whole
from quotakeeper.domain.windows import SECOND
from quotakeeper.engine.composition import Composition
from quotakeeper.errors import InvalidInputError

LEAST_DAYS = 35  # a month and some: a billing period can still be looked at call by call
_MOST_DAYS = 36_500
_DAY = 86_400 * SECOND


class Retention(Composition):
    """The verbs of a keeper that let go of what is old."""

    def compact(self, keep_days: int, *, shrink: bool = False) -> Compacted:
        """Let go of the single events and journal entries of calls that ended more than
        `keep_days` days ago; gives how many went, and from when on everything is kept.

        Balances, and usage by five minutes, are kept for ever, so limits and reports say the same
        as before. Reservations that are open and periods under way keep all their entries. The ids
        of calls that went are forgotten: sent once more, such a call would count anew. Other
        callers and processes go on meanwhile. With `shrink` the room is given back to the file
        system, for which the whole file is copied under its lock.

        Raises InvalidInputError below 35 days, and LedgerError.
        """
        keep = check_whole(keep_days, "keep_days", most=_MOST_DAYS)
        if keep < LEAST_DAYS:
            raise InvalidInputError("keep_days", f"{keep} is too few", f"at least {LEAST_DAYS}")
        before = max(0, self._clock.now() - keep * _DAY)
        calls = entries = 0
        after: int | None = 0
        while after is not None:
            step = self._step(before, after)
            before = min(before, step.before_at)
            calls, entries, after = calls + step.calls, entries + step.entries, step.next_after
        if shrink:
            self.worker.ask(lambda store, now: store.shrink())
        return Compacted(before, calls, entries, None)

    async def acompact(self, keep_days: int, *, shrink: bool = False) -> Compacted:
        """`compact`, awaited."""
        import asyncio  # noqa: PLC0415 - see Worker

        return await asyncio.to_thread(self.compact, keep_days, shrink=shrink)

    def _step(self, before: int, after: int) -> Compacted:
        # One short commit at a time, between the batches of everybody else.
        def compact(store: LedgerUpkeep, now: int) -> Compacted:
            return store.compact(before, now, after)

        step: Compacted = self.worker.ask(compact)
        return step
