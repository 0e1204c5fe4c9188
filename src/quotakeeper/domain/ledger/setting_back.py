"""Moves a ledger back to the present after a wrong clock moved it ahead.

Every later entry is moved to the present. No call is lost: its use counts in the current periods,
because the call was made before now. Open reservations, pauses and raised limits keep their
durations. Crossings and credit expiries that only the wrong clock caused are deleted. Later
commands write them again when their time comes.
"""

from __future__ import annotations

from collections.abc import Sequence

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
from quotakeeper.value_classes import dataclass, replace

MADE_BY_TIME = frozenset((Kind.CROSS, Kind.LAPSE))
_FOR_A_TIME = frozenset((Kind.PAUSE, Kind.RAISE))


@dataclass(frozen=True, slots=True)
class SetBack:
    """What moving a ledger back to instant `to` did, or would do.

    - `to`: in microseconds since 1970 UTC.
    - `newest_at`: the instant of the newest entry before the move, in microseconds since 1970 UTC.
    - `entries`: the number of moved entries.
    - `calls`: the number of calls whose first entry was moved.
    - `dropped`: how many entries were deleted because only the wrong clock caused them.
    - `backup`: the path of the copy that was made before the move, or "".
    """

    newest_at: int
    to: int
    entries: int
    calls: int
    dropped: int
    backup: str = ""

    @property
    def ahead(self) -> int:
        """How many microseconds the ledger was ahead."""
        return max(0, self.newest_at - self.to)


def set_back(entry: Entry, to: int) -> Entry | None:
    """Return an entry, with changed times if it is later than `to`. None if the move deletes the
    entry.
    """
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
    """Return what moving a ledger back to `to` would do. `entries` are the entries later than `to`."""
    moved = [entry for entry in entries if entry.kind not in MADE_BY_TIME]
    calls = sum(entry.kind in OPENINGS for entry in moved)
    return SetBack(newest_at, to, len(moved), calls, len(entries) - len(moved))


def kept_since(state: LedgerState, account: Account, since: int, to: int) -> int:
    """Return the instant from which an account's balances are kept after the ledger is moved back."""
    if since <= state.slice_start(account, to):
        return since
    return state.period(account, to).start_at


def repair_entry(done: SetBack, seq: int, first: int, by: str, why: str) -> Entry:
    """Return the journal entry about the repair. `first` is the lowest `seq` of the moved entries."""
    notice = Notice(CLOCK_REPAIRED, why, by, amount=min(done.ahead, MAX_PICO), used=done.entries,
                    about=first)  # fmt: skip
    return Entry(seq, Kind.CLOCK, done.to, notice=notice)
