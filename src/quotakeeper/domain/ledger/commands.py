"""Commands to the ledger and their outcomes: one outcome per command, in order."""

from __future__ import annotations

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
from quotakeeper.value_classes import dataclass, field


@fast_dataclass
class Reserve:
    """Reserve an upper bound in every given limit; all limits must have room.

    An id can be reserved again after its earlier reservation was released or expired. The new hold
    has the id `<id>~2`, and the caller ends it under that id. `sent` has the same effect as
    MarkSent, in the same step. `up_to` are the amounts before they were lowered. A known id with
    amounts up to these counts as the same call. `is_new`: the id was just made and is in no ledger,
    so it is not looked up.
    """

    id: str
    labels: CallLabels
    figures: Figures
    limits: tuple[Limit, ...]
    owner: str
    ttl_us: int
    sent: bool = False
    up_to: Quantities | None = None
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class MarkSent:
    """Mark a call as about to be sent. After this, a crash is charged as if the call had completed."""

    id: str


@dataclass(frozen=True, slots=True)
class Extend:
    """Set the expiry of a reservation to `ttl_us` microseconds from now."""

    id: str
    ttl_us: int


@dataclass(frozen=True, slots=True)
class Grow:
    """Reserve more for an open reservation in every given limit; all limits must have room.

    `figures` are what is added. They count in the period of the reservation. The command is not
    idempotent: sent twice, it reserves twice.
    """

    id: str
    figures: Figures
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class Draw:
    """Make a reservation for one call out of a lease, after a process admitted the call on that
    lease.

    The reservation has the lease's labels and counts as sent. An amount beyond the rest of the
    lease is not reserved, and becomes overage when the call is settled. A lease that has ended does
    not make the command fail. For a lease that was assumed, the same command reduces the lease's
    event by the call's amount, so that nothing counts twice. `at` is when the call was admitted.
    The call counts from then, within the periods of the lease.

    `only_if_open` is for calls that were read from the journal of a fenced process. If their lease
    was released or expired, its calls were already read. So the command fails with
    ReservationClosedError.
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
    """End a reservation with its true figures. The ledger never refuses this because of the amount."""

    id: str
    figures: Figures
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class Release:
    """End a reservation of a call that used nothing.

    For a lease that was assumed, this corrects the rest to zero. Only the lease's holder may send
    it, or a process that has read the holder's whole journal.
    """

    id: str


@dataclass(frozen=True, slots=True)
class Assume:
    """End a reservation at its estimate, because the end of the call is not known."""

    id: str
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """Count usage that had no reservation.

    `at` is the instant of the usage if it was before now. The usage counts in that period.
    """

    id: str
    labels: CallLabels
    figures: Figures
    limits: tuple[Limit, ...] = ()
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Correct:
    """Replace the figures of a counted event. The old entry stays in the journal."""

    id: str
    figures: Figures
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class Watch:
    """Keep balances for these accounts, beginning with their current period.

    An account with `per` stands for one account per value of that label. The ledger keeps balances
    for values that the current period already contains, and for each new value from its first call
    on.
    """

    accounts: tuple[Account, ...]


@dataclass(frozen=True, slots=True)
class Sweep:
    """End reservations that have expired or whose owner has ended.

    Calls on a lease may be recorded only in the journal of the lease's holder. So the ledger
    releases a lease only if its id is in `read`: the holder's journal was fenced, read, and booked
    completely. A lease in `unread` is assumed, because its journal cannot be read. Any other lease
    stays open and the outcome names it. `limits` are checked for thresholds when a call is assumed.
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
    """A call was admitted. `event` is set if this id was settled before: then do not send the call."""

    hold: Hold
    decision: Decision
    replay: bool = False
    event: UsageEvent | None = None


@dataclass(frozen=True, slots=True)
class Denied:
    """A call was refused. Nothing was changed, and the same id may be tried again."""

    decision: Decision


@dataclass(frozen=True, slots=True)
class ThresholdCrossed:
    """Settled use of a limit has reached a threshold. Reported once for all processes of a ledger.

    `crossing` is the journal's record. `verdict` is the limit and its state right after the
    booking.
    """

    crossing: Crossing
    verdict: Verdict

    @property
    def share(self) -> Decimal:
        """The threshold as a part of the limit's amount, such as 0.8."""
        return self.verdict.limit.share_of(self.crossing.level)


@fast_dataclass
class Booked:
    """An event was counted by an entry of this kind. `crossed` are the thresholds that it reached."""

    event: UsageEvent
    kind: Kind
    replay: bool = False
    crossed: tuple[ThresholdCrossed, ...] = ()


@fast_dataclass
class Done:
    """A command was carried out; `state` is the present state of the id."""

    id: str
    state: State


@dataclass(frozen=True, slots=True)
class Watched:
    """The ledger keeps the balances of these accounts."""


@dataclass(frozen=True, slots=True)
class Swept:
    """How many reservations a sweep ended as expired, and how many as assumed (`booked`).

    `leases` are leases that stay open although they expired or their owner ended, because they were
    neither in `read` nor in `unread`.
    """

    expired: int = 0
    assumed: int = 0
    booked: tuple[Booked, ...] = field(default=(), compare=False)
    leases: tuple[Hold, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Failed:
    """A command was not carried out and changed nothing. `error` is raised to its caller only."""

    error: QuotakeeperError


Outcomes = Reserved | Denied | Booked | Done | Watched | Swept | Ordered | Failed
