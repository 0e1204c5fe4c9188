"""The state on which a decision from cached data is made: it changes nothing in the cached state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from quotakeeper.domain.ledger.call_record import CallRecord, CountedUse
from quotakeeper.domain.ledger.entries import Entry
from quotakeeper.domain.ledger.places import Level, Mark
from quotakeeper.domain.ledger.reservations import Balance, Hold
from quotakeeper.domain.ledger.state import LedgerState
from quotakeeper.domain.limits import Account, Limit
from quotakeeper.domain.usage import CallLabels
from quotakeeper.stores.postgres.guards import Guards, NotConditionalError, Slice, any_use
from quotakeeper.stores.postgres.state import AddedSums, AddedUsage, PostgresState


class TentativeState(LedgerState):
    """A state over the cached state. Data that it lacks is read from the cached state.

    `touched` has the slices that changed. `new_marks` has the thresholds that are crossed, or are
    not any more.
    """

    def __init__(self, base: PostgresState, new_ids: frozenset[str], now: int) -> None:
        super().__init__(base.zones)
        self.base = base
        self.seq, self.high_water = base.seq, base.high_water
        self.accounts, self.notices, self.doubt = base.accounts, base.notices, base.doubt
        self.touched: dict[Slice, Account] = {}
        self.new_marks: dict[tuple[str, Level], Mark] = {}
        self.sums = AddedSums(base.session, base.interned)
        self.usage = AddedUsage(base.session)
        self._new_ids = new_ids  # assumed to be new; the commit checks this
        self._now = now
        self._risen: dict[Slice, int] = {}  # settled use that this batch adds
        self._lowest: dict[Slice, int] = {}  # the least of it at any time in this batch
        self._standing: dict[Slice, set[Level]] = {}  # thresholds that settled use must not leave
        self._exact: set[tuple[str, int]] = set()  # account key, and start of the period or 0

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
        found = self._marks.get(account_key)
        if found is None:
            found = self._marks[account_key] = dict(self.base.marks(account_key))
        return found

    def set_mark(self, account_key: str, level: Level, mark: Mark) -> None:
        super().set_mark(account_key, level, mark)
        self.new_marks[account_key, level] = mark
        self._exact.add((account_key, mark.start_at))

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

    def caps_last(self, labels: CallLabels, limits: Sequence[Limit], at: int) -> tuple[int, int]:
        """Return from when and until when the limits of a call and their amounts stay the same."""
        self.caps(labels, limits, at)
        kept = self._caps.get(labels)
        if kept is None or kept[0] is not limits:
            raise NotConditionalError("limits may change")
        return kept[1], kept[2]

    def touch(self, account: Account, start_at: int, balance: Balance) -> None:
        key = account.key, start_at
        self.touched[key] = account
        risen, before = balance.settled - self._settled_before(key), self._risen.get(key, 0)
        if risen == before:
            return
        self._risen[key] = risen
        self._lowest[key] = min(self._lowest.get(key, 0), risen)
        rolling = account.window.is_rolling
        if not rolling and risen > before:
            return  # use that grows leaves no threshold of a calendar period
        for level, mark in self.marks(account.key).items():
            if mark.stands and (rolling or mark.start_at == start_at):
                self._standing.setdefault(key, set()).add(level)

    def count(self, before: CallRecord | None, after: CallRecord) -> None:
        self.sums.count(before, after)
        self.usage.count(self.matching(after.labels), before, after)

    def guard_marks(self, guards: Guards) -> None:
        """Require that the thresholds stand as this batch found them, and that it alone moves them."""
        stored = self.base.marks
        for account_key, level in self.new_marks:
            guards.marks[account_key, level] = stored(account_key).get(level)
        for (account_key, start_at), levels in self._standing.items():
            account, marks = self.touched[account_key, start_at], self.marks(account_key)
            left = [level for level in levels if marks[level].stands]
            for level in left:
                guards.marks[account_key, level] = stored(account_key).get(level)
            if left:
                # Settled use must not be below the highest of them, whatever this batch takes away.
                least = max(level[2] for level in left) - self._lowest_of(account, start_at)
                of = self._guard_of(guards, account, start_at)
                guards.settled(of, least, of[1])
        for account_key, start_at in self._exact:
            account = self.accounts[account_key][0]
            used = self._stored_use(account, start_at)
            guards.settled(self._guard_of(guards, account, start_at), used, used)

    def _settled_before(self, key: Slice) -> int:
        return self.base.balance(self.touched[key], key[1]).settled

    def _lowest_of(self, account: Account, start_at: int) -> int:
        if not account.window.is_rolling:
            return self._lowest[account.key, start_at]
        return sum(least for (key, _), least in self._lowest.items() if key == account.key)

    def _after(self, account: Account) -> int:
        return self.period(account, self._now).start_at - 1

    def _guard_of(self, guards: Guards, account: Account, start_at: int) -> list[int]:
        if account.window.is_rolling:
            return guards.windows.setdefault((account.key, self._after(account)), any_use())
        return guards.balances.setdefault((account.key, start_at), any_use())

    def _stored_use(self, account: Account, start_at: int) -> int:
        if account.window.is_rolling:
            parts = self.base.slices(account, self._after(account))
            return sum(part.settled for _, part in parts)
        return self.base.balance(account, start_at).settled
