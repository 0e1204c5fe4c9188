"""Prepaid credit: what was paid into an account whose window is none, and what has lapsed of it.

A limit with `window = "none"` allows its own amount and all top-ups that have not expired. A top-up
with an expiry gives up its unused part then. Which part is used: use that grows after a top-up takes
from the top-up that expires first, of two at once from the earlier one; what has no expiry, and the
limit's own amount, are used last. Use is what is settled and what calls under way have reserved, so
nothing lapses that a call was admitted on. Use that falls again (a correction, a release) gives its
room back to the balance, not to a top-up. A lapse is an entry of the journal, made by the first
command after the expiry; who only looks before that sees the same balance.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from quotakeeper.domain.ledger.entries import Entry, Kind

ALWAYS = 2**63


@dataclass(slots=True)
class Lot:
    """What is left of a top-up that expires. `seq` is the entry it came with."""

    seq: int
    left: int
    until: int


@dataclass(slots=True)
class Credit:
    """The credit of one account in base units: `total` is what was paid in less what has lapsed.

    `seen` is the highest use that was taken from the lots.
    """

    total: int = 0
    seen: int = 0
    lots: list[Lot] = field(default_factory=list)

    def fold(self, entry: Entry) -> None:
        """Take a TOPUP or LAPSE in."""
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
        """The lots that have expired by an instant, each with its unused part at this use."""
        grown, due = max(0, used - self.seen), []
        for lot in self.lots:
            taken = min(lot.left, grown)
            grown -= taken
            if lot.until <= at:
                due.append(Lot(lot.seq, lot.left - taken, lot.until))
        return due

    def at(self, at: int, used: int) -> tuple[int, int]:
        """The credit at an instant and this use, and until when it stays so."""
        lapsed = sum(lot.left for lot in self.due(at, used))
        return self.total - lapsed, min(
            (x.until for x in self.lots if x.until > at), default=ALWAYS
        )
