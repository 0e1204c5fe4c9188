"""The state on which a decision from cached data is made: it changes nothing in the cached state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from quotakeeper.domain.ledger.call_record import CallRecord, CountedUse
from quotakeeper.domain.ledger.entries import Entry
from quotakeeper.domain.ledger.places import CountedBalance, Level, Mark
from quotakeeper.domain.ledger.reservations import Balance, Hold
from quotakeeper.domain.ledger.state import LedgerState
from quotakeeper.domain.limits import Account, Limit
from quotakeeper.domain.usage import CallLabels
from quotakeeper.stores.postgres.guards import Guards, NotConditionalError, Slice, any_use
from quotakeeper.stores.postgres.state import AddedSums, AddedUsage, PostgresState


class TentativeState(LedgerState):
    """A state over the cached state. Data that it lacks is read from the cached state.

    - `touched`: the slices that changed.
    - `assumed`: the slices whose stored balance is assumed to be 0.
    - `new_marks`: the thresholds that are crossed, or are not any more.
    """

    def __init__(
        self, base: PostgresState, new_ids: frozenset[str], now: int, *, is_fresh: bool
    ) -> None:
        super().__init__(base.zones)
        self.base = base
        self.seq, self.high_water = base.seq, base.high_water
        self.accounts, self.notices, self.doubt = base.accounts, base.notices, base.doubt
        self.touched: dict[Slice, Account] = {}
        self.new_marks: dict[tuple[str, Level], Mark] = {}
        self.sums = AddedSums(base.session, base.interned)
        self.usage = AddedUsage(base.session)
        self._new_ids = new_ids  # assumed to be new; the commit checks this
        self.assumed: dict[Slice, tuple[Account, Balance]] = {}  # by the start of a slice
        self._now, self._is_fresh = now, is_fresh
        self._risen: dict[Slice, int] = {}  # settled use that this batch adds
        # For these, the start of a rolling window is 0: the least that this batch adds at any time;
        # thresholds that settled use must not leave; and where settled use must be as it is known.
        self._lowest: dict[Slice, int] = {}
        self._standing: dict[Slice, set[Level]] = {}
        self._exact: set[Slice] = set()

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
            kept = self.stored(account, start_at)
            found = slices[start_at] = Balance(kept.settled, kept.reserved, kept.overage)
        return found

    def stored(self, account: Account, start_at: int) -> Balance:
        """Return the stored balance of a slice as it is known.

        A balance that is not cached is assumed to be 0, such as that of a new period. The commit
        returns the balances that it finds, and its guards are about those.
        """
        if self._is_fresh:
            return self.base.balance(account, start_at)
        found = self.base.cached_balance(account, start_at)
        if found is None:
            key = account.key, start_at
            return self.assumed.setdefault(key, (account, Balance()))[1]
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
        kept = self.kept_caps.get(id(labels))
        if kept is None or kept[0] is not limits:
            raise NotConditionalError("limits may change")
        return kept[1], kept[2]

    def touch(self, changed: Iterable[CountedBalance]) -> None:
        for account, _, start_at, balance in changed:
            self._touched(account, start_at, balance)

    def _touched(self, account: Account, start_at: int, balance: Balance) -> None:
        key = account.key, start_at
        self.touched[key] = account
        risen, before = balance.settled - self._settled_before(key), self._risen.get(key, 0)
        if risen == before:
            return
        self._risen[key] = risen
        rolling = account.window.is_rolling
        if rolling:
            key = account.key, 0
            risen = sum(self._risen_in_window(account))
        self._lowest[key] = min(self._lowest.get(key, 0), risen)
        if not rolling and risen > before:
            return  # use that grows leaves no threshold of a calendar period
        for level, mark in self.marks(account.key).items():
            if mark.stands and (rolling or mark.start_at == start_at):
                self._standing.setdefault(key, set()).add(level)

    def count(self, before: CallRecord | None, after: CallRecord, used: Mapping[str, int]) -> None:
        self.sums.count(before, after)
        self.usage.count(self.matching(after.labels), before, after, used)

    def guard_marks(self, guards: Guards) -> None:
        """Require that the thresholds stand as this batch found them, and that it alone moves them."""
        stored = self.base.marks
        for account_key, level in self.new_marks:
            guards.marks[account_key, level] = stored(account_key).get(level)
        for (account_key, start_at), levels in self._standing.items():
            account = self.accounts[account_key][0]
            left = [level for level in levels if (account_key, level) not in self.new_marks]
            for level in left:
                guards.marks[account_key, level] = stored(account_key).get(level)
            if left:
                # Settled use must not be below the highest of them, whatever this batch takes away.
                least = max(level[2] for level in left) - self._lowest[account_key, start_at]
                of = self._guard_of(guards, account, start_at)
                guards.settled(of, least, of[1])
        for account_key, start_at in self._exact:
            account = self.accounts[account_key][0]
            used = self._stored_use(account, start_at)
            guards.settled(self._guard_of(guards, account, start_at), used, used)

    def _settled_before(self, key: Slice) -> int:
        return self.stored(self.touched[key], key[1]).settled

    def _risen_in_window(self, account: Account) -> Iterator[int]:
        after = self._after(account)
        for (key, start_at), risen in self._risen.items():
            if key == account.key and start_at > after:
                yield risen

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
        return self.stored(account, start_at).settled
