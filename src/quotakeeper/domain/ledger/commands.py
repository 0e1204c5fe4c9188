"""Commands the ledger takes and the outcomes it gives: one outcome per command, in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from quotakeeper.domain.decisions import Decision, Verdict
from quotakeeper.domain.fast_dataclass import fast_dataclass
from quotakeeper.domain.ledger.entries import Crossing, Figures, Kind
from quotakeeper.domain.ledger.order_commands import (
    AcceptClock,
    Ordered,
    PauseCalls,
    RaiseLimit,
    ResumeCalls,
    TopUp,
)
from quotakeeper.domain.ledger.reservations import Hold, State
from quotakeeper.domain.limits import Account, Limit
from quotakeeper.domain.units import Quantities
from quotakeeper.domain.usage import CallLabels, UsageEvent
from quotakeeper.errors import QuotakeeperError


@fast_dataclass
class Reserve:
    """Set aside an upper bound against every limit given, all or nothing.

    An id whose earlier attempt was released or has expired may be tried again; the hold that comes
    back then has an id of its own (`<id>~2`), and it is that one which is to be ended. `sent` says
    of the hold that comes back, in the same step, what MarkSent says. `up_to` is what the figures
    were lowered from: an id that is known with amounts up to these is the same call, too.
    """

    id: str
    labels: CallLabels
    figures: Figures
    limits: tuple[Limit, ...]
    owner: str
    ttl_us: int
    sent: bool = False
    up_to: Quantities | None = None


@dataclass(frozen=True, slots=True)
class MarkSent:
    """Say that the call is about to leave: from here on it may have cost something."""

    id: str


@dataclass(frozen=True, slots=True)
class Extend:
    """Keep a reservation for longer: it now expires `ttl_us` from now."""

    id: str
    ttl_us: int


@dataclass(frozen=True, slots=True)
class Grow:
    """Set aside more for an open reservation, against every limit given, all or nothing.

    `figures` are what is added. It counts in the period that the reservation was made in, and is
    no idempotent command: carried out twice, it sets aside twice.
    """

    id: str
    figures: Figures
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class Draw:
    """Make a reservation out of another, the lease: a call that was admitted on it elsewhere.

    It has the lease's labels and counts as sent. What the lease has not got left is not set aside
    (it is overage once it is settled); that the lease has ended meanwhile is no reason to refuse.
    A lease that was assumed is corrected by the same command: its event is less by what the call
    takes, so nothing counts twice. `at` is when the call was admitted: it counts from there, within
    the periods of the lease.

    `only_if_open` is for a call of which the journal of a fenced process tells: once the lease was
    released or has expired, whoever ended it had read all that was admitted on it, and the command
    fails with ReservationClosedError.
    """

    id: str
    lease: str
    figures: Figures
    owner: str
    ttl_us: int
    at: int | None = None
    only_if_open: bool = False


@fast_dataclass
class Settle:
    """End a reservation at its true figures; never refused for the amount."""

    id: str
    figures: Figures
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class Release:
    """End a reservation: nothing was used.

    Of a lease that was assumed it corrects what is left to nothing: only its holder says so, or who
    has read all of its holder's journal.
    """

    id: str


@dataclass(frozen=True, slots=True)
class Assume:
    """End a reservation at its estimate: what became of the call is not known."""

    id: str
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """Book usage that had no reservation.

    `at` is when it was used, where that was earlier than now: it counts in that period.
    """

    id: str
    labels: CallLabels
    figures: Figures
    limits: tuple[Limit, ...] = ()
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Correct:
    """Replace the figures of an event that was counted; the old entry stays in the journal."""

    id: str
    figures: Figures
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class Watch:
    """Keep balances for these accounts from now on (and for the period under way).

    An account with `per` stands for one account for each value of that label: those that the period
    under way has seen already, and each other one from its first call on.
    """

    accounts: tuple[Account, ...]


@dataclass(frozen=True, slots=True)
class Sweep:
    """End reservations past their time, and those of owners known to be dead.

    The calls admitted on a lease may be in its holder's journal alone. So a lease comes back only
    if it is in `read`: its holder's journal was fenced, then read, and all of it was booked. One in
    `unread` is assumed: nobody here can read that journal. Any other lease stays open, and the
    outcome names it. Both fields hold ids. Of `limits`, those that a call falls under are looked at
    when it is assumed.
    """

    dead_owners: frozenset[str] = frozenset()
    at_most: int = 1_000
    limits: tuple[Limit, ...] = ()
    read: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()


Command = (
    Reserve | MarkSent | Extend | Grow | Draw | Settle | Release | Assume | Record | Correct | Watch
    | Sweep | PauseCalls | ResumeCalls | RaiseLimit | TopUp
    | AcceptClock
)  # fmt: skip


@fast_dataclass
class Reserved:
    """Admitted. `event` is set when this id was settled before and the call need not be made."""

    hold: Hold
    decision: Decision
    replay: bool = False
    event: UsageEvent | None = None


@dataclass(frozen=True, slots=True)
class Denied:
    """Refused; nothing was changed, and the same id may be tried again."""

    decision: Decision


@dataclass(frozen=True, slots=True)
class ThresholdCrossed:
    """Settled use of a limit has reached a threshold: told once for all processes on a ledger.

    `crossing` is what the journal says of it; `verdict` is where the limit stood right after the
    booking, with the limit itself.
    """

    crossing: Crossing
    verdict: Verdict

    @property
    def share(self) -> Decimal:
        """The threshold as a part of the limit's amount, such as 0.8."""
        return self.verdict.limit.share_of(self.crossing.level)


@fast_dataclass
class Booked:
    """Counted, by an entry of this kind. `crossed` are the thresholds that this booking crossed."""

    event: UsageEvent
    kind: Kind
    replay: bool = False
    crossed: tuple[ThresholdCrossed, ...] = ()


@fast_dataclass
class Done:
    """Carried out; `state` is where the id stands now."""

    id: str
    state: State


@dataclass(frozen=True, slots=True)
class Watched:
    """The balances of these accounts are kept, from now on or since before."""


@dataclass(frozen=True, slots=True)
class Swept:
    """How many reservations a sweep released and how many it assumed; `booked` are the latter.

    `leases` are those that it left open: past their time or of a dead owner, and neither read nor
    unread.
    """

    expired: int = 0
    assumed: int = 0
    booked: tuple[Booked, ...] = field(default=(), compare=False)
    leases: tuple[Hold, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Failed:
    """Not carried out, and nothing was changed: `error` is for the caller alone."""

    error: QuotakeeperError


Outcomes = Reserved | Denied | Booked | Done | Watched | Swept | Ordered | Failed
