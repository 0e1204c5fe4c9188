"""Commands to the ledger and their outcomes. Each command of a batch has one outcome, in order."""

from __future__ import annotations

from decimal import Decimal

from quotakeeper.domain.decisions import Decision, Verdict
from quotakeeper.domain.fast_dataclass import fast_dataclass
from quotakeeper.domain.ledger.entries import Crossing, Figures, Kind
from quotakeeper.domain.ledger.order_commands import (
    AcceptClock,
    AcceptLedger,
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
    """Reserve an upper bound for one call in every given limit. The call must fit all of them.

    An id can be reserved again after its earlier reservation was released or expired. The new
    reservation has the id `<id>~2`; the caller uses this id to end it.

    - `owner`: the name of the process that makes the call.
    - `ttl_us`: the reservation expires after this many microseconds.
    - `sent`: if True, the call is also marked as sent, like MarkSent.
    - `up_to`: the amounts before the output cap was lowered, or None. If the id is already reserved
      with at most these amounts, the command repeats the same call.
    - `is_new`: if True, the ledger does not look up the id, because the id was made just now.
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
    """Mark a call as about to be sent. If the process then crashes, the call is charged as
    completed.
    """

    id: str


@dataclass(frozen=True, slots=True)
class Extend:
    """Set the expiry of a reservation to `ttl_us` microseconds from now."""

    id: str
    ttl_us: int


@dataclass(frozen=True, slots=True)
class Grow:
    """Reserve more for an open reservation, in every given limit. The addition must fit all of
    them.

    `figures` are the amounts to add. They count in the period of the reservation. The command is
    not idempotent: if it is sent twice, it reserves twice.
    """

    id: str
    figures: Figures
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class Draw:
    """Take the reservation of one call out of a lease. The call was admitted on that lease.

    The reservation has the lease's labels and counts as sent. If the amount is larger than the rest
    of the lease, the difference is not reserved. The difference becomes overage when the call is
    settled. The command also succeeds if the lease has ended. If the lease was assumed, its event
    is reduced by the call's amount, so that nothing counts twice. `at` is when the call was
    admitted; None means now. The call counts at that instant, within the periods of the lease.

    With `only_if_open`, the command fails with ReservationClosedError if the lease was released or
    expired. This is for calls that are read from the journal of a stopped process. If the lease was
    released or expired, that journal was already read.
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

    If the id is of an assumed lease, the rest of the lease is corrected to zero. Only the process
    that holds the lease may send this, or a process that has read the holder's whole journal.
    """

    id: str


@dataclass(frozen=True, slots=True)
class Assume:
    """End a reservation whose call ended in an unknown way. Its estimate is counted as assumed use."""

    id: str
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """Count usage that had no reservation.

    `at` is the instant of the usage if it was before now; None means now. The usage counts in the
    period that contains this instant.
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

    An account with `per` means one account per value of that label. The ledger keeps balances for
    each value that the current period already contains, and for each new value from its first call
    on.
    """

    accounts: tuple[Account, ...]


@dataclass(frozen=True, slots=True)
class Sweep:
    """End reservations that have expired, or whose process has ended (`dead_owners`).

    The process that holds a lease may have calls in its own journal that are not in the ledger yet.
    So the ledger ends a lease only if its id is in one of these:

    - `read`: ids of leases to release. The holder's journal was closed to writes, read, and booked
      completely.
    - `unread`: ids of leases to assume, because the holder's journal cannot be read.
    - `away`: ids of leases of another host, whose journal only that host can read. They are assumed
      when they have expired. Until then they stay open, because the holder may still use them.

    Any other lease stays open, and the outcome names it. At most `at_most` reservations are ended.
    When a call is assumed, `limits` are checked for thresholds.
    """

    dead_owners: frozenset[str] = frozenset()
    at_most: int = 1_000
    limits: tuple[Limit, ...] = ()
    read: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()
    away: frozenset[str] = frozenset()


Command = (
    Reserve | MarkSent | Extend | Grow | Draw | Settle | Release | Assume | Record | Correct | Watch
    | Sweep | PauseCalls | ResumeCalls | RaiseLimit | TopUp
    | AcceptClock | AcceptLedger
)  # fmt: skip


@fast_dataclass
class Reserved:
    """A call was admitted. If `replay` is True, an earlier command admitted it.

    If `event` is set, the call with this id was already settled: do not send it again.
    """

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

    `crossing` is the journal's record. `verdict` has the limit and its state right after the use
    was counted.
    """

    crossing: Crossing
    verdict: Verdict

    @property
    def share(self) -> Decimal:
        """The threshold as a part of the limit's amount, such as 0.8."""
        return self.verdict.limit.share_of(self.crossing.level)


@fast_dataclass
class Booked:
    """An event was counted by a journal entry of kind `kind`.

    `crossed` are the thresholds that its use reached. `replay` is True if an earlier command
    already counted the event.
    """

    event: UsageEvent
    kind: Kind
    replay: bool = False
    crossed: tuple[ThresholdCrossed, ...] = ()


@fast_dataclass
class Done:
    """A command was carried out. `state` is the present state of the id."""

    id: str
    state: State


@dataclass(frozen=True, slots=True)
class Watched:
    """The ledger now keeps the balances of the accounts in a Watch command."""


@dataclass(frozen=True, slots=True)
class Swept:
    """The reservations that a sweep ended: `expired` is how many expired, `assumed` how many were
    assumed.

    `booked` are the outcomes of the assumed ones. `leases` are the overdue leases that stay open,
    because the command does not name them.
    """

    expired: int = 0
    assumed: int = 0
    booked: tuple[Booked, ...] = field(default=(), compare=False)
    leases: tuple[Hold, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Failed:
    """A command was not carried out and changed nothing. `error` is the exception for its caller."""

    error: QuotakeeperError


Outcomes = Reserved | Denied | Booked | Done | Watched | Swept | Ordered | Failed
