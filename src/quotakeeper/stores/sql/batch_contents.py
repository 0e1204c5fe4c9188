"""Finds the ids, labels, texts and balances that a batch needs, so that a store can fetch all at
once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger import order_commands as o
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.usage import CallLabels
from quotakeeper.stores.sql.balances import SqlBalances, TouchedBalances


class BatchNames(NamedTuple):
    """The ids, labels and recurring texts in the commands of a batch."""

    ids: set[str]
    labels: dict[int, CallLabels]  # by object identity, because hashing is slow
    words: set[str]


def names_in(commands: Sequence[c.Command]) -> BatchNames:
    """Return the ids, labels and recurring texts in the commands of a batch."""
    ids, labels, words = names = BatchNames(set(), {}, set())
    for command in commands:
        match command:
            case c.Reserve() | c.Record():  # the most frequent commands come first
                labels[id(command.labels)] = command.labels
                _add_words(words, command.figures)
                if isinstance(command, c.Reserve):
                    words.add(command.owner)
                    if command.is_new:
                        continue
            case c.Settle() | c.Correct() | c.Grow():
                _add_words(words, command.figures)
            case c.Draw():
                ids.add(command.lease)
                words.add(command.owner)
                _add_words(words, command.figures)
            case (
                c.Watch()
                | c.Sweep()
                | o.PauseCalls()
                | o.ResumeCalls()
                | o.RaiseLimit()
                | o.TopUp()
                | o.AcceptClock()
                | o.AcceptLedger()
            ):
                continue
        ids.add(command.id)
    return names


def _add_words(words: set[str], figures: Figures) -> None:
    words.add(figures.price_id)
    words.add(figures.model_served)


def touched_by(state: SqlBalances, commands: Sequence[c.Command], now: int) -> TouchedBalances:
    """Return the kept balances that a batch at `now` may read or change.

    Reads no rows if the ids of the batch are cached. Two kinds of balances are left out: those of
    second attempts (`<id>~2`), and of reservations that a Sweep ends. The rules read these one by
    one.
    """
    touching = _Touching(state, now)
    for command in commands:
        match command:
            case c.Reserve():
                touching.counts(command.labels, now)
                touching.limited(command.labels, command.limits, now)
            case c.Settle():
                touching.changed(command)
            case c.Record():
                at = now if command.at is None else max(0, min(command.at, now))
                touching.counts(command.labels, at)
                touching.limited(command.labels, command.limits, now)
            case c.Draw():
                touching.drawn(command)
            case (
                c.Watch()
                | c.Sweep()
                | o.PauseCalls()
                | o.ResumeCalls()
                | o.RaiseLimit()
                | o.TopUp()
                | o.AcceptClock()
                | o.AcceptLedger()
            ):
                pass
            case _:
                touching.changed(command)
    return touching.touched


class _Touching:
    def __init__(self, state: SqlBalances, now: int) -> None:
        self.touched = TouchedBalances({}, {})
        self._state = state
        self._now = now
        self._counted: set[tuple[int, int]] = set()  # (identity of the labels, instant)
        self._limited: set[tuple[int, int, int]] = set()

    def counts(self, labels: CallLabels, at: int) -> None:
        """Add the balances in which a call with these labels counts at `at`."""
        seen, state = (id(labels), at), self._state
        if seen in self._counted:
            return
        self._counted.add(seen)
        if state.has_places(labels, at):
            return
        for account in state.matching(labels):
            start = state.slice_start(account, at)
            if state.keeps(account, start):
                self.touched.starts.setdefault(account.key, set()).add(start)

    def limited(self, labels: CallLabels, limits: Sequence[Limit], at: int) -> None:
        """Add the balances of these limits for a call with these labels at `at`."""
        seen = id(labels), id(limits), at
        if seen in self._limited:
            return
        self._limited.add(seen)
        state, at_hand = self._state, self._state.has_caps(labels, limits, at)
        for limit in limits:
            if at_hand and not limit.window.is_rolling:
                continue
            account = limit.account.of(labels)
            if account.key not in state.accounts or not limit.matches(labels):
                continue
            start = state.period(account, at).start_at
            if not state.keeps(account, start):
                continue
            if limit.window.is_rolling:
                after = self.touched.after
                after[account.key] = min(start - 1, after.get(account.key, start - 1))
            else:
                self.touched.starts.setdefault(account.key, set()).add(start)

    def drawn(self, command: c.Draw) -> None:
        """Add the balances of a call from a lease, at the lease's instant and at the call's
        instant.
        """
        lease = self._state.known(command.lease)
        if lease is not None:
            at = self._now if command.at is None else min(command.at, self._now)
            self.counts(lease.labels, lease.at)
            self.counts(lease.labels, max(lease.at, at))

    def changed(
        self,
        command: c.MarkSent | c.Extend | c.Grow | c.Settle | c.Release | c.Assume | c.Correct,
    ) -> None:
        """Add the balances of the call that `command` changes."""
        known = self._state.known(command.id)
        if known is None or isinstance(command, (c.MarkSent, c.Extend)):
            return
        self.counts(known.labels, known.at)
        if isinstance(command, (c.Settle, c.Assume, c.Correct)):
            self.limited(known.labels, command.limits, self._now)
        elif isinstance(command, c.Grow):
            self.limited(known.labels, command.limits, known.at)
