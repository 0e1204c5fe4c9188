"""Verify: computes every balance from the journal again and compares it with the stored balance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from quotakeeper.domain.forecasting.time_buckets import bucket_start
from quotakeeper.domain.ledger.call_record import CallRecord, followed, opened
from quotakeeper.domain.ledger.crossings import problem_of
from quotakeeper.domain.ledger.entries import Entry, Kind
from quotakeeper.domain.ledger.fold import replay
from quotakeeper.domain.ledger.paying_in import problem_of as paid_in_wrongly
from quotakeeper.domain.ledger.places import Level, Mark
from quotakeeper.domain.ledger.reservations import Balance
from quotakeeper.domain.ledger.state import LedgerState, ZoneFinder
from quotakeeper.domain.limits import Account
from quotakeeper.domain.ports import Problem
from quotakeeper.domain.units import METERS, units_text

# Returns the entries about the call of an opening entry that come before a sequence number.
Lookup = Callable[[int, int], Iterable[Entry]]
# A balance from compacted entries: account key, slice start, settled, overage.
Carried = tuple[str, int, int, int]


class _Replay(LedgerState):
    """A state for replay that keeps only open calls in memory. Entries of ended calls are looked
    up.

    `slots` is None, or a set that gets the start of every time slot whose sums change.
    """

    def __init__(self, zones: ZoneFinder, look_up: Lookup) -> None:
        super().__init__(zones)
        self._look_up = look_up
        self.next_seq = 0
        self.slots: set[int] | None = None

    def known_at(self, seq: int) -> CallRecord:
        found = self._known.get(seq)
        if found is None:
            for entry in self._look_up(seq, self.next_seq):
                found = opened(entry) if found is None else followed(found, entry)
        if found is None:
            raise KeyError(seq)
        return found

    def remember(self, entry: Entry, known: CallRecord) -> None:
        super().remember(entry, known)
        if known.hold is None:
            del self._known[known.seq], self._ids[known.id]

    def keep_open(self, known: CallRecord) -> None:
        self._ids[known.id] = self._open[known.id] = known.seq
        self._known[known.seq] = known

    def count(self, before: CallRecord | None, after: CallRecord, used: Mapping[str, int]) -> None:
        if self.slots is not None:
            self.slots.update(
                bucket_start(known.at)
                for known in (before, after)
                if known is not None and known.figures is not None
            )


class StartingPoint(NamedTuple):
    """The state of a ledger after an entry, as an earlier run verified it.

    - `seq` and `at`: the number and the instant of that entry.
    - `balances`: rows of account key, slice start and balance.
    - `marks`: the newest crossing of each threshold, by account key and level.
    - `open_calls`: the records of the calls that were open.
    - `notices`: all entries with a notice up to that entry.
    """

    seq: int
    at: int
    balances: Iterable[tuple[str, int, Balance]]
    marks: Mapping[tuple[str, Level], Mark]
    open_calls: Iterable[CallRecord]
    notices: Iterable[Entry]


class JournalCheck:
    """Replays a journal into an empty state, and collects what is wrong with the entries.

    Checks that sequence numbers rise, that ledger time never goes back, and that every later entry
    of a call is about an existing first entry.
    """

    def __init__(
        self, accounts: Iterable[tuple[Account, int]], zones: ZoneFinder, look_up: Lookup,
        carried: Iterable[Carried] = (),
    ) -> None:  # fmt: skip
        self._again = _Replay(zones, look_up)
        _begin(self._again, accounts, carried)
        self._last_at = 0
        self.has_gap = False  # a sequence number is missing: the journal was compacted
        self.problems: list[Problem] = []

    @property
    def seq(self) -> int:
        """The number of the last entry that was replayed."""
        return self._again.seq

    def start_from(self, point: StartingPoint) -> set[int]:
        """Begin with the state at `point` instead of an empty one.

        Returns a set to which `follow` adds the start of every time slot whose sums change.
        """
        again = self._again
        for key, start, balance in point.balances:
            kept = again.balance(again.accounts[key][0], start)
            kept.settled, kept.reserved = balance.settled, balance.reserved
            kept.overage = balance.overage
        for (key, level), mark in point.marks.items():
            again.set_mark(key, level, mark)
        for entry in point.notices:
            again.note(entry)
        for known in point.open_calls:
            again.keep_open(known)
        again.seq, again.high_water = point.seq, point.at
        self._last_at = point.at
        again.slots = set()
        return again.slots

    def follow(self, journal: Iterable[Entry]) -> None:
        """Replay the next entries of the journal."""
        again, problems = self._again, self.problems
        for entry in journal:
            self.has_gap = self.has_gap or entry.seq > again.seq + 1
            if entry.seq <= again.seq:
                problems.append(Problem(f"entry {entry.seq} is stored after entry {again.seq}"))
            if entry.at < self._last_at:
                problems.append(
                    Problem(f"entry {entry.seq} has an earlier time than the entry before it")
                )
            self._last_at = max(self._last_at, entry.at)
            again.next_seq = entry.seq
            if wrong := _wrong(again, entry, self.has_gap):
                problems.append(Problem(f"entry {entry.seq} {wrong}"))
                continue
            try:
                replay(again, entry)
            except (KeyError, AssertionError):
                problems.append(Problem(f"entry {entry.seq} refers to a call that no entry opens"))

    def compared_with(self, kept: LedgerState) -> list[Problem]:
        """Return the problems of the entries, then every difference of `kept` from the replay."""
        problems, again = list(self.problems), self._again
        for account, since in kept.accounts.values():
            problems.extend(_differences(kept, again, account.key, since))
            problems.extend(_other_marks(kept, again, account))
        problems.extend(_other_holds(kept, again))
        return problems


def compare_balances(
    kept: LedgerState, journal: Iterable[Entry], zones: ZoneFinder, look_up: Lookup,
    carried: Iterable[Carried] = (),
) -> list[Problem]:  # fmt: skip
    """Replay a journal into an empty state with the same accounts, and return every difference.

    `carried` are the balances from compacted entries. See JournalCheck for what is checked in the
    journal itself.
    """
    check = JournalCheck(kept.accounts.values(), zones, look_up, carried)
    check.follow(journal)
    return check.compared_with(kept)


def rebuilt(
    kept: LedgerState, journal: Iterable[Entry], zones: ZoneFinder, look_up: Lookup,
    carried: Iterable[Carried] = (),
) -> LedgerState:  # fmt: skip
    """Return a state with the balances and marks that the journal yields.

    The accounts are those of `kept`. `carried` are the balances from compacted entries.
    """
    again = _Replay(zones, look_up)
    _begin(again, kept.accounts.values(), carried)
    for entry in journal:
        again.next_seq = entry.seq
        replay(again, entry)
    return again


def _begin(
    again: LedgerState, accounts: Iterable[tuple[Account, int]], carried: Iterable[Carried]
) -> None:
    for account, since in accounts:
        again.add_account(account, since)
    for key, start, settled, overage in carried:
        balance = again.balance(again.accounts[key][0], start)
        balance.settled, balance.overage = settled, overage


def _wrong(again: LedgerState, entry: Entry, compacted: bool) -> str:
    """Return what is wrong with a crossing, a top-up or an expiry of credit; "" if it is right."""
    if entry.kind is Kind.CROSS:
        return problem_of(again, entry, compacted=compacted)
    return paid_in_wrongly(again, entry) if entry.notice is not None else ""


def _other_marks(kept: LedgerState, again: LedgerState, account: Account) -> Iterable[Problem]:
    there, derived = kept.marks(account.key), again.marks(account.key)
    for level in sorted(there.keys() | derived.keys()):
        have, want = there.get(level), derived.get(level)
        # A window without an end may keep a mark whose CROSS entry was compacted.
        carried = want is None and (account.window.is_rolling or account.window.is_endless)
        if have != want and not carried:
            yield Problem(
                f"threshold {level} of {account.key!r}: the table has {have}, the journal has "
                f"{want}"
            )


def _other_holds(kept: LedgerState, again: LedgerState) -> Iterable[Problem]:
    there, derived = ({hold.id: hold for hold in state.holds()} for state in (kept, again))
    if there.keys() != derived.keys():
        yield Problem("open reservations differ from those of the journal")
    for hold_id in sorted(there.keys() & derived.keys()):
        if there[hold_id] != derived[hold_id]:
            yield Problem(f"open reservation {hold_id!r} differs from the journal")
    if kept.notices != again.notices:
        yield Problem("pauses, raised limits or credit differ from the journal")


def replayed(
    accounts: Iterable[tuple[Account, int]], journal: Iterable[Entry], zones: ZoneFinder
) -> LedgerState:
    """Return a new state with these accounts, after replaying a journal."""
    state = LedgerState(zones)
    for account, since in accounts:
        state.add_account(account, since)
    for entry in journal:
        replay(state, entry)
    return state


def _differences(kept: LedgerState, again: LedgerState, key: str, since: int) -> Iterable[Problem]:
    account, _ = kept.accounts[key]
    meter = METERS[account.meter]
    there = dict(kept.slices(account, since - 1))
    derived = dict(again.slices(account, since - 1))
    for start in sorted(there.keys() | derived.keys()):
        have, want = there.get(start), derived.get(start)
        for name in ("settled", "reserved"):
            found = getattr(have, name) if have else 0
            expected = getattr(want, name) if want else 0
            if found != expected:
                yield Problem(
                    f"balance {key!r} from {start}: {name} is {units_text(found, meter)} in the "
                    f"table, but {units_text(expected, meter)} in the journal"
                )
