"""Deletes old individual calls from the ledger. Totals stay."""

from __future__ import annotations

from quotakeeper.domain.ledger.forgetting import ForgottenLabel, LabelValue
from quotakeeper.domain.ports import Compacted, LedgerUpkeep
from quotakeeper.domain.units import check_whole
from quotakeeper.domain.windows import SECOND
from quotakeeper.engine.parts import EngineParts
from quotakeeper.errors import InvalidInputError

LEAST_DAYS = 35  # a little more than a month, so that each call of a billing period can be read
_MOST_DAYS = 36_500
_DAY = 86_400 * SECOND


class Retention:
    """Deletes old calls, and replaces label values."""

    def __init__(self, parts: EngineParts) -> None:
        self._parts = parts

    def compact(self, keep_days: int, *, shrink: bool) -> Compacted:
        """Delete individual calls that ended more than `keep_days` days ago; see Keeper.compact.

        Blocks this thread.
        """
        keep = check_whole(keep_days, "keep_days", most=_MOST_DAYS)
        if keep < LEAST_DAYS:
            raise InvalidInputError("keep_days", f"{keep} is too few", f"give {LEAST_DAYS} or more")
        before = max(0, self._parts.ledger_clock.now() - keep * _DAY)
        calls = entries = 0
        after: int | None = 0
        while after is not None:
            step = self._step(before, after)
            before = min(before, step.before_at)
            calls, entries, after = calls + step.calls, entries + step.entries, step.next_after
        if shrink:
            self._parts.worker.ask(lambda store, now: store.shrink())
        return Compacted(before, calls, entries, None)

    def forget(self, label: LabelValue, instead: str, *, apply: bool) -> ForgottenLabel:
        """Replace the value of a label by `instead`. Without `apply`, only return what would
        change.

        With `apply`, the file is rewritten afterwards, so that no free page contains the old value.
        Blocks this thread.
        """
        worker = self._parts.worker
        found: ForgottenLabel = worker.ask(
            lambda store, now: store.forget_label(label, instead, only_look=not apply)
        )
        if apply:
            worker.ask(lambda store, now: store.shrink())
        return found

    def _step(self, before: int, after: int) -> Compacted:
        # One short commit at a time, so that other writers can commit in between.
        def compact(store: LedgerUpkeep, now: int) -> Compacted:
            return store.compact(before, now, after)

        step: Compacted = self._parts.worker.ask(compact)
        return step
