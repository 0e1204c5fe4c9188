"""A decision from cached data: what it changes, and the conditions under which it is right.

The rules decide on a temporary state over the cached state, and change nothing in the cached state.
The result is the entries, the amount to add to each balance, and the highest value that each
balance may have before. If a commit finds that these conditions hold, the rules would have decided
the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from quotakeeper.domain.forecasting.time_buckets import BUCKET, bucket_start
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.apply import apply
from quotakeeper.domain.ledger.call_record import CallRecord, CountedUse
from quotakeeper.domain.ledger.entries import Entry, Figures
from quotakeeper.domain.ledger.places import Level, Mark
from quotakeeper.domain.ledger.reservations import Balance, Hold
from quotakeeper.domain.ledger.state import LedgerState
from quotakeeper.domain.limits import Account, Limit, Mode
from quotakeeper.domain.units import measure
from quotakeeper.domain.usage import CallLabels
from quotakeeper.domain.windows import slice_at
from quotakeeper.stores.postgres.state import AddedSums, AddedUsage, PostgresState
from quotakeeper.value_classes import dataclass, field

ANY = 2**62  # more than any balance
_ENDS_A_CALL = (c.Settle, c.Release, c.MarkSent, c.Extend, c.Assume)

Slice = tuple[str, int]  # key of an account, start


class NotConditionalError(Exception):
    """Guards cannot express the effect of a batch, so the batch is decided under the lock."""


@dataclass(slots=True)
class Guards:
    """The conditions under which a decision is right. Instants are in microseconds since 1970 UTC.

    The commit must be in `[since, until)`. Keys of `balances` are an account key and the start of a
    slice. Keys of `windows` are the account key of a rolling window, and the instant after which
    its slices start. Each value has two numbers: the most that settled and reserved use may be
    together, and the most that settled use may be.
    """

    since: int = 0
    until: int = ANY
    balances: dict[Slice, list[int]] = field(default_factory=dict)
    windows: dict[Slice, list[int]] = field(default_factory=dict)

    def lasts(self, since: int, until: int) -> None:
        """Require that the commit is in `[since, until)`, in addition to earlier requirements."""
        self.since, self.until = max(self.since, since), min(self.until, until)


@dataclass(frozen=True, slots=True)
class _GuardedLimit:
    """A limit, its guard, and the lowest threshold `level` that is not crossed.

    `pairs` has the limit's balance in this state and in the cached state. For a rolling window,
    `pairs` is empty, and `after` is the instant after which its slices start.
    """

    limit: Limit
    guard: list[int]
    after: int
    pairs: list[tuple[Balance, Balance]]
    level: int | None


class TentativeState(LedgerState):
    """A state over the cached state. Data that it lacks is read from the cached state."""

    def __init__(self, base: PostgresState, new_ids: frozenset[str]) -> None:
        super().__init__(base.zones)
        self.base = base
        self.seq, self.high_water = base.seq, base.high_water
        self.accounts, self.notices, self.doubt = base.accounts, base.notices, base.doubt
        self.touched: dict[Slice, Account] = {}
        self.sums = AddedSums(base.session, base.interned)
        self.usage = AddedUsage(base.session)
        self._new_ids = new_ids  # assumed to be new; the commit checks this

    def known(self, event_id: str) -> CallRecord | None:
        found = super().known(event_id)
        if found is not None or event_id in self._new_ids:
            return found
        return self.base.known(event_id)

    def known_at(self, seq: int) -> CallRecord:
        return self._known.get(seq) or self.base.known_at(seq)

    def matching(self, labels: CallLabels) -> tuple[Account, ...]:
        found = self.base.matching(labels)
        if self.base.has_new_accounts:
            raise NotConditionalError("an account is new")
        return found

    def balance(self, account: Account, start_at: int) -> Balance:
        slices = self._balances.setdefault(account.key, {})
        found = slices.get(start_at)
        if found is None:
            kept = self.base.balance(account, start_at)
            found = slices[start_at] = Balance(kept.settled, kept.reserved, kept.overage)
        return found

    def slices(self, account: Account, after: int) -> Iterable[tuple[int, Balance]]:
        for start, _ in self.base.slices(account, after):
            self.balance(account, start)
        return super().slices(account, after)

    def marks(self, account_key: str) -> dict[Level, Mark]:
        return self.base.marks(account_key)

    def set_mark(self, account_key: str, level: Level, mark: Mark) -> None:
        raise NotConditionalError("a threshold is crossed")

    def holds(self) -> list[Hold]:
        raise NotConditionalError("the command reads all reservations")

    def overdue(self, now: int, dead_owners: frozenset[str], at_most: int) -> list[Hold]:
        raise NotConditionalError("the command reads all reservations")

    def usage_since(self, since: int) -> Iterator[CountedUse]:
        raise NotConditionalError("balances are not kept")

    def note(self, entry: Entry) -> None:
        raise NotConditionalError("a user gave an order")

    def add_account(self, account: Account, since: int, *, is_new: bool = False) -> None:
        raise NotConditionalError("an account is new")

    def caps_last(self, labels: CallLabels, limits: Sequence[Limit]) -> tuple[int, int]:
        """Return from when and until when the limits of a call and their amounts stay the same."""
        self.caps(labels, limits, self.high_water)
        kept = self._caps.get(id(labels))
        if kept is None or kept[0] is not limits:
            raise NotConditionalError("limits may change")
        return kept[1], kept[2]

    def touch(self, account: Account, start_at: int, balance: Balance) -> None:
        if account.window.is_rolling and any(m.stands for m in self.marks(account.key).values()):
            raise NotConditionalError("a threshold may be uncrossed")
        self.touched[account.key, start_at] = account

    def count(self, before: CallRecord | None, after: CallRecord, used: Mapping[str, int]) -> None:
        self.sums.count(before, after)
        self.usage.count(self.matching(after.labels), before, after, used)


class Tentative:
    """A batch decided at an instant. Raises NotConditionalError if guards cannot express the
    decision.
    """

    def __init__(
        self, base: PostgresState, commands: Sequence[c.Command], now: int, *, is_fresh: bool
    ) -> None:
        if base.notices.credits or base.doubt is not None or base.has_new_accounts:
            raise NotConditionalError("credit, a clock or accounts prevent it")
        ids = {each.id for each in commands if isinstance(each, c.Reserve | c.Record)}
        new_ids = frozenset(each for each in ids if not (is_fresh or base.has(each)))
        self.state = TentativeState(base, new_ids)
        self.guards = Guards()
        self.guards.lasts(bucket_start(now), bucket_start(now) + BUCKET)
        self.now = now
        self.entries: list[Entry] = []
        self.outcomes: list[c.Outcomes] = []
        self.changed: dict[int, Hold] = {}  # reservations that were open before, as they were then
        self._counted: set[int] = set()  # ids of the label objects that `_counts` has seen
        self._guarded: dict[tuple[int, int], list[_GuardedLimit]] = {}
        for command in commands:
            self._decide(command)

    def _decide(self, command: c.Command) -> None:
        state, now = self.state, self.now
        if isinstance(command, _ENDS_A_CALL):
            self._relies_on(command.id)
        elif not isinstance(command, c.Reserve | c.Record):
            raise NotConditionalError("its kind")
        (outcome,), entries = apply(state, [command], now)
        if not isinstance(outcome, c.Reserved | c.Booked | c.Done) or not entries:
            raise NotConditionalError("it is refused, or it is a repeated command")
        self.outcomes.append(outcome)
        self.entries += entries
        if isinstance(command, c.Reserve):
            self._counts(command.labels)
            self._not_paused(command.labels.provider)
            self._admitted(command.labels, command.figures, command.limits)
        elif isinstance(command, c.Record):
            self._counts(command.labels)
            if command.at is not None:  # the commit must compare with `at` as `now` does
                before = command.at < now
                self.guards.lasts(*((command.at + 1, ANY) if before else (0, command.at + 1)))
            self._booked(command.labels, command.limits)
        elif isinstance(command, c.Settle | c.Assume):
            known = state.known(command.id)
            assert known is not None
            self._counts(known.labels)
            self._booked(known.labels, command.limits)

    def _relies_on(self, event_id: str) -> None:
        known = self.state.known(event_id)
        if known is None or known.hold is None:
            raise NotConditionalError("it refers to nothing that is open")
        if known.seq <= self.state.base.seq:
            self.changed.setdefault(known.seq, known.hold)

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

    def _limits(self, labels: CallLabels, limits: Sequence[Limit]) -> list[_GuardedLimit]:
        """Return the limits that apply to a call. Cached by the identity of `labels` and `limits`."""
        key = id(labels), id(limits)
        found = self._guarded.get(key)
        if found is None:
            self.guards.lasts(*self.state.caps_last(labels, limits))
            caps = self.state.caps(labels, limits, self.now)
            found = self._guarded[key] = [self._of(limit, balance) for limit, _, balance in caps]
        return found

    def _of(self, limit: Limit, balance: Balance | None) -> _GuardedLimit:
        state, account = self.state, limit.account
        period = state.period(account, self.now)
        if not state.keeps(account, period.start_at):
            raise NotConditionalError("balances are not kept")
        if balance is not None:
            start_at, key = period.start_at, (account.key, period.start_at)
            guard = self.guards.balances.setdefault(key, [ANY, ANY])
            pairs = [(balance, state.base.balance(account, start_at))]
        else:
            start_at, key = 0, (account.key, period.start_at - 1)
            guard, pairs = self.guards.windows.setdefault(key, [ANY, ANY]), []
            part = slice_at(account.window, self.now)
            self.guards.lasts(part.start_at, part.end_at)
        marks = state.marks(account.key)
        for level in limit.levels:
            mark = marks.get((limit.name, limit.amount, level))
            if mark is None or mark.start_at != start_at or not mark.stands:
                return _GuardedLimit(limit, guard, key[1], pairs, level)
        return _GuardedLimit(limit, guard, key[1], pairs, None)

    def _risen(self, of: _GuardedLimit) -> tuple[int, int]:
        """Return how much use this batch adds: settled and reserved together, and settled alone."""
        pairs, state = of.pairs, self.state
        if not pairs:
            account = of.limit.account
            starts = [start for start, _ in state.slices(account, of.after)]
            pairs = [(state.balance(account, s), state.base.balance(account, s)) for s in starts]
        settled = sum(mine.settled - theirs.settled for mine, theirs in pairs)
        return settled + sum(mine.reserved - theirs.reserved for mine, theirs in pairs), settled

    def _admitted(self, labels: CallLabels, figures: Figures, limits: Sequence[Limit]) -> None:
        """Require that each hard limit has room for an admitted call, with all that this batch
        adds.
        """
        for each in self._limits(labels, limits):
            limit = each.limit
            asked = measure(limit.account_meter, figures.quantities, figures.cost_pico)
            unpriced = figures.cost_pico is None and limit.meter == "cost"
            if limit.mode is Mode.HARD and (asked or unpriced):
                most = limit.amount - self._risen(each)[0] - unpriced
                each.guard[0] = min(each.guard[0], most)

    def _booked(self, labels: CallLabels, limits: Sequence[Limit]) -> None:
        """Require that a counted call reaches no new threshold, with all that this batch adds."""
        for each in self._limits(labels, limits):
            if each.level is not None:
                most = each.level - 1 - self._risen(each)[1]
                each.guard[1] = min(each.guard[1], most)
