"""Follows the journal of a ledger by sequence numbers, so that one cheap read finds what is new."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from quotakeeper.domain.ledger.entries import OPENINGS, Kind
from quotakeeper.domain.windows import Window, period_at
from quotakeeper.value_classes import dataclass

if TYPE_CHECKING:
    from quotakeeper import Keeper
    from quotakeeper.domain.ledger.entries import Entry

_MOST_READ = 20_000  # entries of one look; the next look goes on after them


@dataclass(frozen=True, slots=True)
class Change:
    """What a look has found. `is_past`: a day before today may have changed."""

    is_new: bool
    is_past: bool = False


class JournalFollower:
    """Finds whether the journal has new entries. One thread uses it at a time."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self.seq = 0
        self._today = 0  # the start of the day of the last entries
        self._first: int | None = None  # from this entry on, all entries are of today
        self._late: set[int] = set()  # calls since then that count on an earlier day

    def start(self) -> None:
        """Go to the end of the journal, with a number of reads that grows by its logarithm."""
        self.seq = self._end()
        self._first = None

    def look(self) -> Change:
        """Return what is new since the last look. Raises LedgerError."""
        keeper = self._keeper
        found = list(islice(keeper.entries(self.seq), _MOST_READ))
        if not found:
            if self.seq and next(keeper.entries(self.seq - 1), None) is None:
                self.start()  # the ledger was replaced by an older one
                return Change(True, True)
            return Change(False)
        today = period_at(Window("day"), keeper.zone, keeper.now()).start_at
        if today != self._today:
            self._today, self._first = today, None
            self._late.clear()
        is_past = [self._changes_past(each) for each in found]  # each entry must be seen
        self.seq = found[-1].seq
        return Change(True, any(is_past))

    def _changes_past(self, entry: Entry) -> bool:
        if self._first is None and entry.at >= self._today:
            self._first = entry.seq  # ledger time never goes back
        if entry.kind is Kind.CLOCK:
            return True  # it may move entries of any day
        if entry.kind in OPENINGS and entry.counts_at < self._today:
            self._late.add(entry.seq)
            return True
        if entry.ref is None:
            return False
        return self._first is None or entry.ref < self._first or entry.ref in self._late

    def _end(self) -> int:
        """Return the number of the last entry; 0 if there is none."""
        step, low = 1, 0
        while self._has_after(low + step):
            low, step = low + step, step * 2
        high = low + step  # nothing comes after it
        while low < high:
            middle = (low + high) // 2
            if self._has_after(middle):
                low = middle + 1
            else:
                high = middle
        return low

    def _has_after(self, seq: int) -> bool:
        return next(self._keeper.entries(seq), None) is not None
