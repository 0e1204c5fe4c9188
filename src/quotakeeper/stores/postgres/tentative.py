"""A decision from cached data: what it changes, and the conditions under which it is right.

The rules decide on a temporary state over the cached state, and change nothing in the cached state.
The result is the entries, the amount to add to each balance, and the guards. If a commit finds that
the guards hold, the rules would have decided the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from quotakeeper.domain.forecasting.time_buckets import BUCKET, bucket_start
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.apply import apply
from quotakeeper.domain.ledger.entries import Entry, Figures, Kind
from quotakeeper.domain.ledger.reservations import Balance, Hold
from quotakeeper.domain.limits import Limit, Mode
from quotakeeper.domain.units import measure
from quotakeeper.domain.usage import CallLabels
from quotakeeper.domain.windows import slice_at
from quotakeeper.stores.postgres.connection import NotAtHandError
from quotakeeper.stores.postgres.guards import (
    ANY,
    GuardedLimit,
    Guards,
    NotConditionalError,
    any_use,
)
from quotakeeper.stores.postgres.state import PostgresState
from quotakeeper.stores.postgres.tentative_state import TentativeState

_ABOUT_A_CALL = (c.Settle, c.Release, c.MarkSent, c.Extend, c.Assume, c.Correct, c.Grow)


class Tentative:
    """A batch decided at an instant.

    Raises NotConditionalError if guards cannot express the decision. Raises NotAtHandError if the
    cached data must be read afresh first, such as for a refusal.
    """

    def __init__(
        self, base: PostgresState, commands: Sequence[c.Command], now: int, *, is_fresh: bool
    ) -> None:
        if base.notices.credits or base.doubt is not None or base.has_new_accounts:
            raise NotConditionalError("credit, a doubt or accounts prevent it")
        ids = {each.id for each in commands if isinstance(each, c.Reserve | c.Record | c.Draw)}
        new_ids = frozenset(each for each in ids if not (is_fresh or base.has(each)))
        self.state = TentativeState(base, new_ids, now, is_fresh=is_fresh)
        self.guards = Guards()
        self.guards.lasts(bucket_start(now), bucket_start(now) + BUCKET)
        self.now = now
        self.entries: list[Entry] = []
        self.outcomes: list[c.Outcomes] = []
        self.changed: dict[int, Hold] = {}  # reservations that were open before, as they were then
        self._is_fresh = is_fresh
        self._is_paused = False  # a call was refused because calls are paused
        self._counted: set[int] = set()  # ids of the label objects that `_counts` has seen
        self._guarded: dict[tuple[int, int, int], list[GuardedLimit]] = {}
        for command in commands:
            self._decide(command)
        if self._is_paused and self.entries:
            raise NotConditionalError("calls are paused, and there is something to write")
        self.state.guard_marks(self.guards)

    def _decide(self, command: c.Command) -> None:
        state, now = self.state, self.now
        if isinstance(command, _ABOUT_A_CALL):
            self._relies_on(command.id)
        elif isinstance(command, c.Draw):
            self._relies_on(command.lease)
            self._draws(command)
        elif not isinstance(command, c.Reserve | c.Record):
            raise NotConditionalError("its kind")
        (outcome,), entries = apply(state, [command], now)
        self.outcomes.append(outcome)
        self.entries += entries
        if any(entry.kind is Kind.CROSS for entry in entries):
            self._guarded.clear()  # their next thresholds are others now
        is_done = isinstance(outcome, c.Reserved | c.Booked | c.Done) and entries
        if not is_done or getattr(outcome, "replay", False):
            self._stands_on_fresh_data(command, outcome)
        else:
            self._guards(command)

    def _guards(self, command: c.Command) -> None:
        """Require that the rules decide the same about a command at the commit."""
        state, now = self.state, self.now
        if isinstance(command, c.Reserve):
            self._counts(command.labels)
            self._not_paused(command.labels.provider)
            self._admitted(command.labels, command.figures, command.limits, now)
        elif isinstance(command, c.Record):
            self._counts(command.labels)
            if command.at is not None:  # the commit must compare with `at` as `now` does
                before = command.at < now
                self.guards.lasts(*((command.at + 1, ANY) if before else (0, command.at + 1)))
            self._booked(command.labels, command.limits)
        elif isinstance(command, c.Settle | c.Assume | c.Correct):
            known = state.known(command.id)
            assert known is not None
            self._counts(known.labels)
            self._booked(known.labels, command.limits)
        elif isinstance(command, c.Grow):
            known = state.known(command.id)
            assert known is not None
            self._not_paused(known.labels.provider)
            self._admitted(known.labels, command.figures, command.limits, known.at)

    def _stands_on_fresh_data(self, command: c.Command, outcome: c.Outcomes) -> None:
        """Require that nobody has written since the data was read: a command was refused or
        repeated.
        """
        if not self._is_fresh:
            raise NotAtHandError("a refusal stands only on fresh data")
        self.guards.is_exact = True
        if not isinstance(outcome, c.Denied):
            return
        if outcome.decision.pause is not None:
            self._is_paused = True
            return
        if isinstance(command, c.Reserve):
            self._counts(command.labels)
            self._limits(command.labels, command.limits, self.now)

    def _relies_on(self, event_id: str) -> None:
        """Require that nobody has written about a call since it was read."""
        known = self.state.known(event_id)
        if known is None or known.seq > self.state.base.seq:
            return
        if known.hold is None:
            self.guards.calls.add(known.seq)
        else:
            self.changed.setdefault(known.seq, known.hold)

    def _draws(self, command: c.Draw) -> None:
        """Require that the commit finds the same instant for a call that is drawn from a lease."""
        lease = self.state.known(command.lease)
        if lease is None:
            return
        self._counts(lease.labels)
        ends = [
            self.state.period(account, lease.at).end_at
            for account in self.state.matching(lease.labels)
            if not account.window.is_rolling
        ]
        end = min(ends, default=ANY)
        self.guards.lasts(*((0, end) if self.now < end else (end, ANY)))
        if command.at is None and self.now < end:
            return  # it counts at the instant of the commit
        at = max(lease.at, min(self.now if command.at is None else command.at, end - 1))
        if at >= self.now:
            raise NotConditionalError("a call is drawn ahead of its time")
        self.guards.lasts(at + 1, ANY)

    def _counts(self, labels: CallLabels) -> None:
        """Require that the commit is in the periods in which this call counts."""
        if id(labels) in self._counted:
            return
        self._counted.add(id(labels))
        now = self.now
        for account in self.state.matching(labels):
            rolling = account.window.is_rolling
            part = slice_at(account.window, now) if rolling else self.state.period(account, now)
            self.guards.lasts(part.start_at, part.end_at)

    def _not_paused(self, provider: str) -> None:
        """Require that the commit is after the end of each pause that would stop this call."""
        for name in ("", provider):
            pause = self.state.notices.pauses.get(name)
            if pause is not None:
                self.guards.lasts(pause.until or ANY, ANY)

    def _limits(self, labels: CallLabels, limits: Sequence[Limit], at: int) -> list[GuardedLimit]:
        """Return the limits that apply to a call at `at`. Cached by the identity of `labels` and
        `limits`.
        """
        key = id(labels), id(limits), at
        found = self._guarded.get(key)
        if found is None:
            lasts = self.state.caps_last(labels, limits, at)
            if at == self.now:
                self.guards.lasts(*lasts)
            caps = self.state.caps(labels, limits, at)
            found = [self._of(limit, balance, at) for limit, _, balance in caps]
            self._guarded[key] = found
        return found

    def _of(self, limit: Limit, balance: Balance | None, at: int) -> GuardedLimit:
        state, account = self.state, limit.account
        period = state.period(account, at)
        if not state.keeps(account, period.start_at):
            raise NotConditionalError("balances are not kept")
        if balance is not None:
            start_at, key = period.start_at, (account.key, period.start_at)
            guard = self.guards.balances.setdefault(key, any_use())
            pairs = [(balance, state.stored(account, start_at))]
        else:
            start_at, key = 0, (account.key, period.start_at - 1)
            guard, pairs = self.guards.windows.setdefault(key, any_use()), []
            if at == self.now:
                part = slice_at(account.window, at)
                self.guards.lasts(part.start_at, part.end_at)
        marks, stored = state.marks(account.key), state.base.marks(account.key)
        for level in limit.levels:
            place = limit.name, limit.amount, level
            mark = marks.get(place)
            if mark is None or mark.start_at != start_at or not mark.stands:
                return GuardedLimit(limit, guard, key[1], pairs, level)
            if place in stored:  # it stands, so it is not crossed again
                self.guards.marks[account.key, place] = stored[place]
        return GuardedLimit(limit, guard, key[1], pairs, None)

    def _risen(self, of: GuardedLimit) -> tuple[int, int]:
        """Return how much use this batch adds: settled and reserved together, and settled alone."""
        pairs, state = of.pairs, self.state
        if not pairs:
            account = of.limit.account
            starts = [start for start, _ in state.slices(account, of.after)]
            pairs = [(state.balance(account, s), state.stored(account, s)) for s in starts]
        settled = sum(mine.settled - theirs.settled for mine, theirs in pairs)
        return settled + sum(mine.reserved - theirs.reserved for mine, theirs in pairs), settled

    def _admitted(
        self, labels: CallLabels, figures: Figures, limits: Sequence[Limit], at: int
    ) -> None:
        """Require that each hard limit has room for an admitted call, with all that this batch
        adds.
        """
        for each in self._limits(labels, limits, at):
            limit = each.limit
            asked = measure(limit.account_meter, figures.quantities, figures.cost_pico)
            unpriced = figures.cost_pico is None and limit.meter == "cost"
            if limit.mode is Mode.HARD and (asked or unpriced):
                most = limit.amount - self._risen(each)[0] - unpriced
                each.guard[0] = min(each.guard[0], most)

    def _booked(self, labels: CallLabels, limits: Sequence[Limit]) -> None:
        """Require that a counted call reaches no further threshold, with all that this batch adds."""
        for each in self._limits(labels, limits, self.now):
            if each.level is not None:
                most = each.level - 1 - self._risen(each)[1]
                each.guard[1] = min(each.guard[1], most)
