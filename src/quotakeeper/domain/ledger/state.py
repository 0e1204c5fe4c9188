"""The state of a ledger: balances, open reservations, and the record of every id.

`LedgerState` keeps all of this in memory. A store that keeps its state elsewhere uses a subclass
that fetches missing parts when they are looked up. The rules in `ledger` work with both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING

from quotakeeper.domain.ledger.account_index import AccountIndex
from quotakeeper.domain.ledger.call_record import CallRecord, CountedUse
from quotakeeper.domain.ledger.commands import Command
from quotakeeper.domain.ledger.entries import Entry
from quotakeeper.domain.ledger.notices import Notices
from quotakeeper.domain.ledger.places import CountedBalance, Level, LimitBalance, Mark
from quotakeeper.domain.ledger.rebuild import rebuild_balances
from quotakeeper.domain.ledger.reservations import Balance, Hold
from quotakeeper.domain.limits import Account, Limit
from quotakeeper.domain.units import METERS
from quotakeeper.domain.usage import CallLabels, UsageEvent
from quotakeeper.domain.windows import SECOND, Period, period_at, slice_at
from quotakeeper.value_classes import replace

if TYPE_CHECKING:
    from quotakeeper.domain.server_doubts import LedgerDoubt

ZoneFinder = Callable[[str], tzinfo]

_ALWAYS = 2**63
_MOST_PLACES = 10_000
# The labels come last. They stay in memory, so that no other labels get their identity.
_Matching = tuple[tuple[Account, ...], CallLabels]
_Places = tuple[int, int, tuple[CountedBalance, ...], CallLabels]
_Caps = tuple[Sequence[Limit], int, int, tuple[LimitBalance, ...], CallLabels]


class LedgerState:
    """The whole state in memory. Not thread-safe: only one thread may use the state at a time."""

    def __init__(self, zones: ZoneFinder) -> None:
        self.prefetch_from = 1  # for fewer commands, `prefetch` does nothing
        self._zones = zones
        self._periods: dict[str, Period] = {}
        self.seq = self.high_water = 0
        self.accounts: dict[str, tuple[Account, int]] = {}
        self._index: AccountIndex[Account] = AccountIndex()
        self.notices = Notices()
        self.doubt: LedgerDoubt | None = None  # belongs to this process and is not stored
        self._balances: dict[str, dict[int, Balance]] = {}
        # By identity of the labels, because hashing is slow and the calls of one kind share them.
        self.fit_labels: dict[int, CallLabels] = {}  # those that a store can store
        self._matching: dict[int, _Matching] = {}
        self.kept_places: dict[int, _Places] = {}
        self.kept_caps: dict[int, _Caps] = {}
        self._known: dict[int, CallRecord] = {}
        self._ids: dict[str, int] = {}
        self._open: dict[str, int] = {}
        self._marks: dict[str, dict[Level, Mark]] = {}

    # -- look-ups that a store may override to fetch from elsewhere

    def prefetch(self, commands: Sequence[Command], now: int) -> None:
        """Fetch what a batch needs before it is decided at `now`. Does nothing here.

        A store that keeps its state elsewhere overrides this. No outcome depends on it.
        """

    def known(self, event_id: str) -> CallRecord | None:
        """Return the record of an id; None if the ledger does not have the id."""
        seq = self._ids.get(event_id)
        return None if seq is None else self.known_at(seq)

    def known_at(self, seq: int) -> CallRecord:
        """Return the record of the id whose first entry is `seq`."""
        return self._known[seq]

    def holds(self) -> list[Hold]:
        """Return the open reservations, oldest first."""
        found = (self._known[seq].hold for seq in sorted(self._open.values()))
        return [hold for hold in found if hold is not None]

    def overdue(self, now: int, dead_owners: frozenset[str], at_most: int) -> list[Hold]:
        """Return open reservations that have expired or whose process has ended, oldest first."""
        due = [h for h in self.holds() if h.expires_at <= now or h.owner in dead_owners]
        return due[:at_most]

    def balance(self, account: Account, start_at: int) -> Balance:
        """Return the balance of one slice. If there is none, a new balance is created."""
        slices = self._balances.setdefault(account.key, {})
        found = slices.get(start_at)
        if found is None:
            found = slices[start_at] = Balance()
        return found

    def slices(self, account: Account, after: int) -> Iterable[tuple[int, Balance]]:
        """Return an account's slices that start after `after`, with their starts and balances."""
        slices = self._balances.get(account.key, {})
        return [(start, balance) for start, balance in slices.items() if start > after]

    def marks(self, account_key: str) -> dict[Level, Mark]:
        """Return the newest crossing of each threshold of an account."""
        return self._marks.setdefault(account_key, {})

    def open_count(self) -> int:
        """Return the number of open reservations."""
        return len(self._open)

    def events(self) -> Iterator[UsageEvent]:
        """Yield all events in the order in which they were booked."""
        yield from filter(None, (known.event for known in self._known.values()))

    def usage_since(self, since: int) -> Iterator[CountedUse]:
        """Yield the use that counts at `since` or later. Includes open reservations."""
        for known in self._known.values():
            if known.at >= since:
                yield from known.usage()

    # -- values computed from these look-ups

    def period(self, account: Account, at: int) -> Period:
        """Return the period of an account's window that contains instant `at`."""
        cached = self._periods.get(account.key)
        if cached is None or not cached.start_at <= at < cached.end_at:
            cached = period_at(account.window, self._zones(account.timezone), at)
            if not account.window.is_rolling:
                self._periods[account.key] = cached
        return cached

    def slice_start(self, account: Account, at: int) -> int:
        """Return the start of the slice in which use at instant `at` counts."""
        rolling = account.window.is_rolling
        return (slice_at(account.window, at) if rolling else self.period(account, at)).start_at

    def totals(self, account: Account, now: int) -> Balance:
        """Return the sums that count at `now`: of the period, or of the rolling window."""
        start = self.period(account, now).start_at
        if not account.window.is_rolling:
            if self.keeps(account, start):
                return self.balance(account, start)
            # Read only this period: later periods may follow the one that contains `now`.
            return self.derived(account, start).get(start) or Balance()
        sums = Balance()
        for _, part in self._counting(account, start):
            sums.settled += part.settled
            sums.reserved += part.reserved
            sums.overage += part.overage
        return sums

    def keeps(self, account: Account, start_at: int) -> bool:
        """Return whether an account's balances are kept for slices from `start_at` on."""
        kept = self.accounts.get(account.key)
        return kept is not None and kept[1] <= start_at

    def derived(self, account: Account, since: int) -> dict[int, Balance]:
        """Return an account's balances by slice from `since` on, computed from the journal."""
        return rebuild_balances(self, [(account, since)])[0]

    def resets_at(self, account: Account, now: int) -> int:
        """Return the end of the period; for a rolling window, when its oldest use no longer counts.

        If a rolling window has no use, returns `now`.
        """
        if not account.window.is_rolling:
            return self.period(account, now).end_at
        parts = self._counting(account, self.period(account, now).start_at)
        used = [start for start, part in parts if part.settled or part.reserved]
        if not used:
            return now
        return slice_at(account.window, min(used)).end_at + account.window.seconds * SECOND

    def _counting(self, account: Account, since: int) -> Iterable[tuple[int, Balance]]:
        if self.keeps(account, since):
            return self.slices(account, since - 1)
        # No balances are kept for this account, so compute them from the journal, which is slower.
        return self.derived(account, since).items()

    def matching(self, labels: CallLabels) -> tuple[Account, ...]:
        """Return the accounts in which a call with these labels counts."""
        found = self._matching.get(id(labels))
        if found is None:
            if len(self._matching) > _MOST_PLACES:
                self._matching.clear()
            made = {}
            for account in self._index.matching(labels):
                if account.per:  # the first call with a label value creates its account
                    account, since = account.of(labels), self.accounts[account.key][1]
                    if account.key not in self.accounts:
                        self.add_account(account, since, is_new=True)
                made[account.key] = account
            found = self._matching[id(labels)] = tuple(made.values()), labels
        return found[0]

    def places(self, labels: CallLabels, at: int) -> tuple[CountedBalance, ...]:
        """Return the kept balances in which a call counts at instant `at`."""
        # Cached until one of the periods ends.
        found = self.kept_places.get(id(labels))
        if found is not None and found[0] <= at < found[1]:
            return found[2]
        since, until, places = 0, _ALWAYS, []
        for account in self.matching(labels):
            rolling = account.window.is_rolling
            part = slice_at(account.window, at) if rolling else self.period(account, at)
            since, until = max(since, part.start_at), min(until, part.end_at)
            if self.keeps(account, part.start_at):
                balance = self.balance(account, part.start_at)
                meter = METERS[account.meter]
                places.append(CountedBalance(account, meter, part.start_at, balance))
        if len(self.kept_places) > _MOST_PLACES:
            self.kept_places.clear()
        made = tuple(places)
        self.kept_places[id(labels)] = since, until, made, labels
        return made

    def caps(
        self, labels: CallLabels, limits: Sequence[Limit], at: int
    ) -> tuple[LimitBalance, ...]:
        """Return the limits that apply to a call at instant `at`, each with its balance."""
        found = self.kept_caps.get(id(labels))
        if found is not None and found[0] is limits and found[1] <= at < found[2]:
            return found[3]
        since, until, caps = 0, _ALWAYS, list[LimitBalance]()
        lasts = isinstance(limits, tuple)  # a tuple cannot change, so its result may be cached
        for each in limits:
            if not each.matches(labels):
                continue
            limit, raised_until = self.in_force(each.of(labels), at)
            until = min(until, raised_until)
            balance = None
            if not limit.window.is_rolling:
                period = self.period(limit.account, at)
                since, until = max(since, period.start_at), min(until, period.end_at)
                if self.keeps(limit.account, period.start_at):
                    balance = self.balance(limit.account, period.start_at)
                elif limit.per:
                    lasts = False  # the first call with a label value changes the result
            caps.append(LimitBalance(limit, limit.account_meter, balance))
        made = tuple(caps)
        if lasts:
            if len(self.kept_caps) > _MOST_PLACES:
                self.kept_caps.clear()
            self.kept_caps[id(labels)] = limits, since, until, made, labels
        return made

    def in_force(self, limit: Limit, at: int) -> tuple[Limit, int]:
        """Return the limit with its amount at `at`, and the instant at which this amount ends."""
        limit, until = self.notices.in_force(limit, at)
        credit = self.notices.credits.get(limit.account.key) if limit.window.is_endless else None
        if credit is not None:
            totals = self.totals(limit.account, at)
            paid, lasts = credit.at(at, totals.settled + totals.reserved)
            limit, until = replace(limit, amount=limit.amount + paid), min(until, lasts)
        return limit, until

    def forget_places(self) -> None:
        """Clear the caches of `places` and `caps`, because balances were replaced."""
        self.kept_places.clear()
        self.kept_caps.clear()

    # -- changes, made by `ledger.fold` only

    def add_account(self, account: Account, since: int, *, is_new: bool = False) -> None:
        """Keep balances for an account from now on, for slices that start at `since` or later.

        `is_new` is True for the account of a label value that no call after `since` has had.
        """
        if account.key not in self.accounts:
            self._index.add(account, account)
        self.accounts[account.key] = (account, since)
        if not is_new:
            self._matching.clear()
            self.forget_places()

    def note(self, entry: Entry) -> None:
        """Apply an order of a person to the state."""
        self.notices.fold(entry)
        self.kept_caps.clear()
        self.seq, self.high_water = entry.seq, entry.at

    def touch(self, changed: Iterable[CountedBalance]) -> None:
        """Called for all changed balances, so that a store can write them. Does nothing here."""

    def set_mark(self, account_key: str, level: Level, mark: Mark) -> None:
        """Store the newest crossing of a threshold, or that the threshold is no longer crossed."""
        self.marks(account_key)[level] = mark

    def count(self, before: CallRecord | None, after: CallRecord, used: Mapping[str, int]) -> None:
        """Called for each event with new figures (`used`: their amounts by meter). Does nothing."""

    def remember(self, entry: Entry, known: CallRecord) -> None:
        """Store the new record of an id. `entry` is the entry that changed it."""
        self.seq, self.high_water = entry.seq, entry.at
        self._ids[known.id] = known.seq
        self._known[known.seq] = known
        if known.hold is None:
            self._open.pop(known.id, None)
        else:
            self._open[known.id] = known.seq
