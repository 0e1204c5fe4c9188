"""The record of one call: its first entry, and the effect of all later entries about the call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from quotakeeper.domain.fast_dataclass import fast_dataclass
from quotakeeper.domain.ledger.entries import Entry, Figures, Kind, event_from
from quotakeeper.domain.ledger.reservations import Hold, State, drawn, grown
from quotakeeper.domain.units import Quantities
from quotakeeper.domain.usage import CallLabels, UsageEvent
from quotakeeper.value_classes import field, replace


class CountedUse(NamedTuple):
    """How one call counts in balances.

    `used` is False for an open reservation. `admitted` is True if the ledger admitted a reservation
    for this amount; if not, the amount is overage.
    """

    at: int
    labels: CallLabels
    quantities: Quantities
    cost_pico: int | None
    used: bool
    admitted: bool


@fast_dataclass
class CallRecord:
    """The record of one id: its first entry and its present state.

    `drawn` is True for a call whose reservation was taken from a lease. `held` has the amounts of
    `hold` by meter, if they are known already.
    """

    seq: int
    id: str
    at: int
    labels: CallLabels
    opening: Figures
    state: State
    hold: Hold | None = None
    figures: Figures | None = None
    drawn: bool = False
    held: Mapping[str, int] | None = field(default=None, compare=False, repr=False)

    @property
    def event(self) -> UsageEvent | None:
        """The usage event of the call; None while the call has no figures."""
        return event_from(self.id, self.at, self.labels, self.figures) if self.figures else None

    def usage(self) -> Iterator[CountedUse]:
        """Yield the use of the call; nothing if the call was released or expired."""
        if self.figures is not None:
            figures = self.figures
            yield CountedUse(
                self.at, self.labels, figures.quantities, figures.cost_pico, True, False
            )
        elif (hold := self.hold) is not None:
            yield CountedUse(self.at, self.labels, hold.quantities, hold.cost_pico, False,
                             not self.drawn)  # fmt: skip


def opened(entry: Entry, amounts: Mapping[str, int] | None = None) -> CallRecord:
    """Return the record of a call after its first entry.

    `amounts` are those of the entry's figures, if they are known already.
    """
    assert entry.labels is not None and entry.figures is not None
    at = entry.at if entry.booked_at is None else entry.booked_at
    figures = entry.figures
    if entry.kind is Kind.RECORD:
        return CallRecord(entry.seq, entry.id, at, entry.labels, figures, State.RECORDED,
                          figures=figures)  # fmt: skip
    hold = Hold(entry.id, at, entry.labels, figures.quantities, figures.cost_pico,
                figures.price_id, figures.provenance, entry.owner, entry.expires_at,
                sent=entry.sent)  # fmt: skip
    return CallRecord(entry.seq, entry.id, at, entry.labels, figures, State.HELD, hold=hold,
                      drawn=entry.kind is Kind.DRAW, held=amounts)  # fmt: skip


_ENDS = {
    Kind.SETTLE: State.SETTLED,
    Kind.RELEASE: State.RELEASED,
    Kind.EXPIRE: State.EXPIRED,
    Kind.ASSUME: State.ASSUMED,
}


def followed(known: CallRecord, entry: Entry) -> CallRecord:
    """Return the record of a call after one more entry about this call."""
    # `replace` is not used here, because it is slow and nearly every call runs this code.
    hold = known.hold
    if entry.kind is Kind.SENT and hold is not None:
        sent = Hold(hold.id, hold.at, hold.labels, hold.quantities, hold.cost_pico, hold.price_id,
                    hold.provenance, hold.owner, hold.expires_at, sent=True)  # fmt: skip
        return CallRecord(known.seq, known.id, known.at, known.labels, known.opening, known.state,
                     hold=sent, figures=known.figures, drawn=known.drawn,
                     held=known.held)  # fmt: skip
    if entry.kind is Kind.EXTEND and hold is not None:
        return replace(known, hold=replace(hold, expires_at=entry.expires_at))
    if entry.kind is Kind.CORRECT:
        return replace(known, figures=entry.figures)
    if entry.kind is Kind.GROW or entry.kind is Kind.DRAW:
        if hold is None or entry.figures is None:
            return known
        change = grown if entry.kind is Kind.GROW else drawn
        return replace(known, hold=change(hold, entry.figures), held=None)
    return CallRecord(known.seq, known.id, known.at, known.labels, known.opening,
                 _ENDS[entry.kind], figures=entry.figures, drawn=known.drawn)  # fmt: skip
