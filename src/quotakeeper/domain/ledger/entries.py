"""Entries: the append-only journal. All balances are derived from it and can be rebuilt.

An opening entry (RESERVE, RECORD, DRAW) contains the id and the labels. Later entries about the
same call contain `ref`, the `seq` of the opening entry. The `ref` of a DRAW is its lease, a
reservation for many calls. A usage event is the opening entry of a call with its newest figures.
They are those of its last SETTLE, ASSUME or CORRECT entry, or of the RECORD itself.

A CROSS is not about a call: it says that settled use of a limit has reached a threshold. PAUSE,
RESUME, RAISE, TOPUP, LAPSE and CLOCK are not about a call either. They contain a notice: an order
of a person, or a consequence of one.
"""

from __future__ import annotations

from enum import StrEnum

from quotakeeper.domain.fast_dataclass import fast_dataclass
from quotakeeper.domain.units import Quantities
from quotakeeper.domain.usage import CallLabels, Outcome, Provenance, UsageEvent
from quotakeeper.value_classes import dataclass, field


class Kind(StrEnum):
    """The kind of an entry.

    Entries of a call have this order: RESERVE or DRAW, (SENT, EXTEND, GROW)*, one end, CORRECT*. A
    CROSS directly follows the entry that caused it. The other kinds are not about a call.
    """

    RESERVE = "reserve"
    SENT = "sent"
    EXTEND = "extend"
    SETTLE = "settle"
    RELEASE = "release"
    EXPIRE = "expire"
    ASSUME = "assume"
    RECORD = "record"
    CORRECT = "correct"
    GROW = "grow"
    DRAW = "draw"
    CROSS = "cross"
    PAUSE = "pause"
    RESUME = "resume"
    RAISE = "raise"
    TOPUP = "topup"
    LAPSE = "lapse"
    CLOCK = "clock"


OPENINGS = frozenset((Kind.RESERVE, Kind.RECORD, Kind.DRAW))
NOTICES = frozenset((Kind.PAUSE, Kind.RESUME, Kind.RAISE, Kind.TOPUP, Kind.LAPSE, Kind.CLOCK))
CLOCK_ACCEPTED, CLOCK_REPAIRED = "accepted", "repaired"  # the subjects of a CLOCK entry


@dataclass(frozen=True, slots=True)
class Figures:
    """What a call used, or its upper bound, and how the figures are known."""

    quantities: Quantities = field(default_factory=dict)
    cost_pico: int | None = None
    price_id: str = ""
    provenance: Provenance = Provenance.REPORTED
    outcome: Outcome = Outcome.OK
    model_served: str = ""
    duration_ms: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Crossing:
    """Settled use of a limit has reached a threshold. Amounts are in the meter's base units.

    `account` is the key of the limit's account, `limit` its name, `amount` the cap. `level` is the
    threshold, rounded up to a whole amount. `start_at` is the start of the period, in microseconds
    since 1970 UTC; 0 for a rolling window. `turn` is 1 for the first crossing in the period, and
    grows by 1 each time that use fell below the level. These six fields together are unique in a
    ledger. `used` is the settled use right after the booking.
    """

    account: str
    limit: str
    amount: int
    level: int
    start_at: int
    turn: int
    used: int


@dataclass(frozen=True, slots=True)
class Notice:
    """An order of a person, and how long it holds. Amounts are in the meter's base units.

    `subject` is the paused or resumed provider ("" for all), or the name of the raised or topped-up
    limit. `account` is the key of that limit's account. `amount` is the new amount of a RAISE, the
    added amount of a TOPUP, or the expired amount of a LAPSE. `about` is the sequence number of the
    TOPUP that expired. `used` is the account's settled and reserved use at that time (TOPUP,
    LAPSE). `until`, in microseconds since 1970 UTC, is when the order ends. `by` is user@host.

    The subject of a CLOCK is CLOCK_ACCEPTED or CLOCK_REPAIRED. CLOCK_ACCEPTED: a clock that jumped
    ahead by `amount` microseconds was right. CLOCK_REPAIRED: the ledger was ahead by `amount`, and
    `used` entries were moved back, beginning with entry `about`.
    """

    subject: str = ""
    why: str = ""
    by: str = ""
    until: int | None = None
    account: str = ""
    amount: int = 0
    used: int = 0
    about: int | None = None


@fast_dataclass
class Entry:
    """One entry of the journal. `at` is ledger time in microseconds since 1970 UTC, which never
    goes back.

    `booked_at`, of an opening entry, is the instant that the call counts on if it is not `at`.
    Usage that is recorded late counts in the period of the usage. `sent`, of a RESERVE or DRAW,
    means that the call is sent at once, without a SENT entry. A CROSS has a `crossing`, and a kind
    in NOTICES has a `notice`; these entries have neither `id` nor `ref`.
    """

    seq: int
    kind: Kind
    at: int
    id: str = ""
    ref: int | None = None
    labels: CallLabels | None = None
    figures: Figures | None = None
    owner: str = ""
    expires_at: int = 0
    booked_at: int | None = None
    sent: bool = False
    crossing: Crossing | None = None
    notice: Notice | None = None

    @property
    def counts_at(self) -> int:
        """The instant that an opening entry counts on, in microseconds since 1970 UTC."""
        return self.at if self.booked_at is None else self.booked_at


def event_from(event_id: str, booked_at: int, labels: CallLabels, figures: Figures) -> UsageEvent:
    """Build the usage event from the parts of an opening entry and its newest figures."""
    return UsageEvent(
        id=event_id,
        at=booked_at,
        labels=labels,
        quantities=figures.quantities,
        cost_pico=figures.cost_pico,
        price_id=figures.price_id,
        provenance=figures.provenance,
        outcome=figures.outcome,
        model_served=figures.model_served,
        duration_ms=figures.duration_ms,
        note=figures.note,
    )
