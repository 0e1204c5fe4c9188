"""Prepaid credit: amounts paid into an account whose window is "none", and amounts that expired.

A limit with `window = "none"` allows its own amount plus all top-ups that have not expired. When a
top-up expires, its unused part is lost. Use first consumes the top-up that expires first; of two
with the same expiry, the earlier one. Top-ups without expiry and the limit's own amount are
consumed last. Use means settled use and open reservations. So credit that is reserved for an
admitted call cannot expire. When use falls (a correction, a release), the balance grows, but no
top-up is refilled. An expiry is a LAPSE entry in the journal. The first command after the expiry
writes this entry. A read before that command returns the same balance.
"""

from __future__ import annotations

from quotakeeper.domain.ledger.entries import Entry, Kind
from quotakeeper.value_classes import dataclass, field

ALWAYS = 2**63


@dataclass(slots=True)
class Lot:
    """The unused part of a top-up that expires, in base units.

    `seq` is the number of its journal entry. `until` is the expiry, in microseconds since 1970 UTC.
    """

    seq: int
    left: int
    until: int


@dataclass(slots=True)
class Credit:
    """The credit of one account in base units. `total` is what was paid in minus what has expired.

    A lot is a top-up that expires. `seen` is the highest use so far. Use up to `seen` is already
    subtracted from the lots.
    """

    total: int = 0
    seen: int = 0
    lots: list[Lot] = field(default_factory=list)

    def fold(self, entry: Entry) -> None:
        """Apply a TOPUP or LAPSE entry to the credit."""
        notice = entry.notice
        assert notice is not None
        self._use(notice.used)
        if entry.kind is Kind.TOPUP:
            self.total += notice.amount
            if notice.until is not None:
                self.lots.append(Lot(entry.seq, notice.amount, notice.until))
                self.lots.sort(key=lambda lot: (lot.until, lot.seq))
        else:
            self.total -= notice.amount
            self.lots = [lot for lot in self.lots if lot.seq != notice.about]

    def _use(self, used: int) -> None:
        grown, self.seen = max(0, used - self.seen), max(self.seen, used)
        for lot in self.lots:
            taken = min(lot.left, grown)
            lot.left -= taken
            grown -= taken

    def due(self, at: int, used: int) -> list[Lot]:
        """Return the lots that have expired at `at`.

        The `left` of each lot is the part still unused when the account's total use is `used`.
        """
        grown, due = max(0, used - self.seen), []
        for lot in self.lots:
            taken = min(lot.left, grown)
            grown -= taken
            if lot.until <= at:
                due.append(Lot(lot.seq, lot.left - taken, lot.until))
        return due

    def at(self, at: int, used: int) -> tuple[int, int]:
        """Return the credit at instant `at` when the account's total use is `used`.

        Also returns the instant until which the credit stays the same, if the use does not change.
        """
        lapsed = sum(lot.left for lot in self.due(at, used))
        return self.total - lapsed, min(
            (x.until for x in self.lots if x.until > at), default=ALWAYS
        )
