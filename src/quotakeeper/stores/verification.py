"""Verify: computes every balance from the journal again and compares it with the stored balance."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from quotakeeper.domain.ledger.call_record import CallRecord, followed, opened
from quotakeeper.domain.ledger.crossings import problem_of
from quotakeeper.domain.ledger.entries import Entry, Kind
from quotakeeper.domain.ledger.fold import replay
from quotakeeper.domain.ledger.paying_in import problem_of as paid_in_wrongly
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
    """

    def __init__(self, zones: ZoneFinder, look_up: Lookup) -> None:
        super().__init__(zones)
        self._look_up = look_up
        self.next_seq = 0

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


def compare_balances(
    kept: LedgerState, journal: Iterable[Entry], zones: ZoneFinder, look_up: Lookup,
    carried: Iterable[Carried] = (),
) -> list[Problem]:  # fmt: skip
    """Replay a journal into an empty state with the same accounts, and return every difference.

    `carried` are the balances from compacted entries.

    Also checks the journal: sequence numbers rise, ledger time never goes back, and every later
    entry of a call is about an existing first entry.
    """
    again = _Replay(zones, look_up)
    _begin(again, kept, carried)
    problems: list[Problem] = []
    last_at = 0
    compacted = False
    for entry in journal:
        compacted = compacted or entry.seq > again.seq + 1  # a gap: the journal was compacted
        if entry.seq <= again.seq:
            problems.append(Problem(f"entry {entry.seq} is stored after entry {again.seq}"))
        if entry.at < last_at:
            problems.append(
                Problem(f"entry {entry.seq} has an earlier time than the entry before it")
            )
        last_at = max(last_at, entry.at)
        again.next_seq = entry.seq
        if wrong := _wrong(again, entry, compacted):
            problems.append(Problem(f"entry {entry.seq} {wrong}"))
            continue
        try:
            replay(again, entry)
        except (KeyError, AssertionError):
            problems.append(Problem(f"entry {entry.seq} refers to a call that no entry opens"))
    for account, since in kept.accounts.values():
        problems.extend(_differences(kept, again, account.key, since))
        problems.extend(_other_marks(kept, again, account))
    problems.extend(_other_holds(kept, again))
    return problems


def rebuilt(
    kept: LedgerState, journal: Iterable[Entry], zones: ZoneFinder, look_up: Lookup,
    carried: Iterable[Carried] = (),
) -> LedgerState:  # fmt: skip
    """Return a state with the balances and marks that the journal yields.

    The accounts are those of `kept`. `carried` are the balances from compacted entries.
    """
    again = _Replay(zones, look_up)
    _begin(again, kept, carried)
    for entry in journal:
        again.next_seq = entry.seq
        replay(again, entry)
    return again


def _begin(again: LedgerState, kept: LedgerState, carried: Iterable[Carried]) -> None:
    for account, since in kept.accounts.values():
        again.add_account(account, since)
    for key, start, settled, overage in carried:
        balance = again.balance(kept.accounts[key][0], start)
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
