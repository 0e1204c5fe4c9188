"""Entries: the append-only journal. All balances are derived from the journal and can be rebuilt.

The first entry of a call (RESERVE, RECORD, DRAW) contains the id and the labels. Later entries
about the same call contain `ref`, the `seq` of the first entry. The `ref` of a DRAW is the `seq` of
its lease, a reservation for many calls. A usage event is made from a call's first entry and its
newest figures. The newest figures are in the last SETTLE, ASSUME or CORRECT entry, or in the RECORD
itself.

The other kinds are not about a call. A CROSS says that settled use of a limit has reached a
threshold. PAUSE, RESUME, RAISE, TOPUP, LAPSE and CLOCK contain a notice: an order of a person, or a
consequence of an order.
"""

from __future__ import annotations

from enum import StrEnum

from quotakeeper.domain.fast_dataclass import fast_dataclass
from quotakeeper.domain.units import Quantities
from quotakeeper.domain.usage import CallLabels, Outcome, Provenance, UsageEvent
from quotakeeper.value_classes import dataclass, field


class Kind(StrEnum):
    """The kind of an entry.

    Entries of a call have this order: RESERVE or DRAW, (SENT, EXTEND, GROW)*, one entry that ends
    the call, CORRECT*. A CROSS directly follows the entry that caused it. The other kinds are not
    about a call.
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
LEDGER_ACCEPTED = "ledger accepted"  # a third subject


@dataclass(frozen=True, slots=True)
class Figures:
    """What a call used, or the most that it can use, and how the figures are known."""

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

    - `account`: the key of the limit's account.
    - `limit`: the limit's name.
    - `amount`: the limit's amount.
    - `level`: the threshold, rounded up to a whole amount.
    - `start_at`: the start of the period, in microseconds since 1970 UTC; 0 for a rolling window.
    - `turn`: 1 for the first crossing in the period. It grows by 1 for each crossing after use fell
      below the level.
    - `used`: the settled use right after the call was counted.

    All fields except `used` together are unique in a ledger.
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
    """An order of a person, or the effect of an order. Amounts are in the meter's base units.

    `why` is the reason, `by` is user@host, `until` is when the order ends (microseconds since 1970
    UTC). The other fields depend on the kind of the entry:

    - PAUSE, RESUME: `subject` is the provider, or "" for all.
    - RAISE: `subject` is the limit's name, `account` the key of its account, `amount` the new
      amount.
    - TOPUP: `subject` is the limit's name, `account` the key of its account, `amount` the added
      amount. `used` is the account's settled and reserved use at that time.
    - LAPSE: `account` is the key of the account, `amount` the expired amount, `about` the `seq` of
      the TOPUP that expired. `used` is as for TOPUP.
    - CLOCK, `subject` CLOCK_ACCEPTED: a clock that jumped ahead by `amount` microseconds was right.
    - CLOCK, `subject` CLOCK_REPAIRED: the ledger was ahead by `amount` microseconds. `used` is how
      many entries were moved back, `about` the `seq` of the first of them.
    - CLOCK, `subject` LEDGER_ACCEPTED: the ledger lacks `amount` commits, and `by` accepts this.
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
    """One entry of the journal.

    - `at`: ledger time, in microseconds since 1970 UTC. It never goes back.
    - `booked_at`: only in the first entry of a call: the instant at which the call counts. None
      means `at`. Usage that is recorded late counts in the period of the usage.
    - `owner`: the name of the process that made the reservation.
    - `sent`: only in a RESERVE or DRAW: whether the call is sent at once, without a SENT entry.
    - `crossing`: set for a CROSS. Such an entry has neither `id` nor `ref`.
    - `notice`: set for a kind in NOTICES. Such an entry has neither `id` nor `ref`.
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
        """The instant at which the call counts (microseconds since 1970 UTC). Only for a first
        entry.
        """
        return self.at if self.booked_at is None else self.booked_at


def event_from(event_id: str, booked_at: int, labels: CallLabels, figures: Figures) -> UsageEvent:
    """Make the usage event of a call.

    The id, instant and labels are those of the call's first entry, `figures` its newest figures.
    """
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
