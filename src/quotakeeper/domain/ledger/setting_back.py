"""A ledger that a clock has carried ahead is set back to the present.

Every entry of a later instant is moved to the present: no call is lost, and what was used counts in
the periods under way, as it was used by now at the latest. Lengths of time stay what they were: how
long a reservation is open, how long a pause or a raised limit holds. Crossings of thresholds and
lapses of credit that only the clock has made go; the next booking makes those again that are due.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from quotakeeper.domain.ledger.entries import (
    CLOCK_REPAIRED,
    OPENINGS,
    Entry,
    Kind,
    Notice,
)
from quotakeeper.domain.ledger.state import LedgerState
from quotakeeper.domain.limits import Account
from quotakeeper.domain.money import MAX_PICO

MADE_BY_TIME = frozenset((Kind.CROSS, Kind.LAPSE))
_FOR_A_TIME = frozenset((Kind.PAUSE, Kind.RAISE))


@dataclass(frozen=True, slots=True)
class SetBack:
    """What was moved to instant `to`, or would be: `entries` of `calls`, the newest of `newest_at`
    (microseconds since 1970 UTC); `dropped` are those that only the clock has made.

    `backup` is the copy of the ledger as it was before; "" where none was made.
    """

    newest_at: int
    to: int
    entries: int
    calls: int
    dropped: int
    backup: str = ""

    @property
    def ahead(self) -> int:
        """By how many microseconds the ledger was ahead."""
        return max(0, self.newest_at - self.to)


def set_back(entry: Entry, to: int) -> Entry | None:
    """An entry as it is once its ledger has been set back to an instant; None: it goes."""
    if entry.at <= to:
        return entry
    if entry.kind in MADE_BY_TIME:
        return None
    back = entry.at - to
    notice = entry.notice
    if notice is not None and entry.kind in _FOR_A_TIME and notice.until is not None:
        notice = replace(notice, until=notice.until - back)
    booked_at = None if entry.booked_at is None else min(entry.booked_at, to)
    expires_at = entry.expires_at - back if entry.expires_at else 0
    return replace(entry, at=to, booked_at=booked_at, expires_at=expires_at, notice=notice)


def preview(entries: Sequence[Entry], newest_at: int, to: int) -> SetBack:
    """What setting back would do to the entries of later instants than `to`."""
    moved = [entry for entry in entries if entry.kind not in MADE_BY_TIME]
    calls = sum(entry.kind in OPENINGS for entry in moved)
    return SetBack(newest_at, to, len(moved), calls, len(entries) - len(moved))


def kept_since(state: LedgerState, account: Account, since: int, to: int) -> int:
    """From when on an account's balances are kept after that."""
    if since <= state.slice_start(account, to):
        return since
    return state.period(account, to).start_at


def repair_entry(done: SetBack, seq: int, first: int, by: str, why: str) -> Entry:
    """What the journal says of it. `first` is the lowest number of the entries that were moved."""
    notice = Notice(CLOCK_REPAIRED, why, by, amount=min(done.ahead, MAX_PICO), used=done.entries,
                    about=first)  # fmt: skip
    return Entry(seq, Kind.CLOCK, done.to, notice=notice)
