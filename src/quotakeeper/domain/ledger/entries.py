"""Entries: the append-only journal. Balances are derived from it and can be rebuilt.

An opening entry (RESERVE, RECORD, DRAW) carries the id and the labels; later entries about the same
call carry `ref`, the opening entry's `seq`. A DRAW also has a `ref`: the lease that it is taken out
of, a reservation that was made for many calls at once. The usage event of a call is its opening
entry together with the newest of its SETTLE, ASSUME and CORRECT entries (for RECORD also the opening
itself).

A CROSS is about no call but about a limit: settled use has reached one of its thresholds. PAUSE,
RESUME, RAISE, TOPUP, LAPSE and CLOCK are about no call either: they have a notice, which says what a person
has ordered, or what has come of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from quotakeeper.domain.fast_dataclass import fast_dataclass
from quotakeeper.domain.units import Quantities
from quotakeeper.domain.usage import CallLabels, Outcome, Provenance, UsageEvent


class Kind(StrEnum):
    """What an entry says. The order of a call: RESERVE or DRAW, (SENT, EXTEND, GROW)*, one end,
    CORRECT*. A CROSS comes right after the entry that it follows from; the rest are about no call."""

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
CLOCK_ACCEPTED, CLOCK_REPAIRED = "accepted", "repaired"  # subjects of a CLOCK


@dataclass(frozen=True, slots=True)
class Figures:
    """What a call used, or would use at most, and how that is known."""

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

    `account` is the key of the account whose balance the limit caps; `limit` its name, `amount` the
    cap. `level` is the threshold, rounded up to a whole amount. `start_at` is the start of the
    period, microseconds since 1970 UTC; 0 for a rolling window. `turn` is 1 for the first crossing
    in the period, one more each time that use had fallen below the level. No two crossings of a
    ledger have all of these in common. `used` is the settled use right after the booking.
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
    """What a person has ordered, and for how long. Amounts are in the meter's base units.

    `subject` is the provider that is paused or resumed ("" for all), or the name of the limit that
    is raised or topped up. `account` is the key of that limit's account. `amount` is what the limit
    is raised to, what is added, or what has lapsed of `about`, the sequence number of a TOPUP.
    `used` is what the account had settled and reserved right then (TOPUP, LAPSE). `until`,
    microseconds since 1970 UTC, is when it no longer holds. `by` is user@host.

    A CLOCK has the subject CLOCK_ACCEPTED (a clock that jumped ahead was right: `amount`
    microseconds) or CLOCK_REPAIRED (the ledger was carried ahead by that much; `used` entries, the
    first of them `about`, were moved back).
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
    """One line of the journal. `at` is ledger time, which never goes back.

    `booked_at`, of an opening entry, is the instant that it counts on when that is not `at`: a call
    that is written down later than it was made belongs to the period it was made in. `sent`, of a
    RESERVE or DRAW, is that the call leaves with it: no SENT follows. A CROSS has a `crossing`, one
    of NOTICES a `notice`; they have neither `id` nor `ref`.
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
        """The instant that an opening entry counts on, microseconds since 1970 UTC."""
        return self.at if self.booked_at is None else self.booked_at


def event_from(event_id: str, booked_at: int, labels: CallLabels, figures: Figures) -> UsageEvent:
    """The usage event that an opening entry and its newest figures make."""
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
