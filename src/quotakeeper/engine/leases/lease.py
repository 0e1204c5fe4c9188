"""A lease as a process holds it: how much of it is left, and the calls that were admitted on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from quotakeeper.domain.decisions import Decision
from quotakeeper.domain.ledger.commands import (
    Assume,
    Command,
    Draw,
    Failed,
    Record,
    Release,
    Settle,
)
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.money import MAX_PICO
from quotakeeper.domain.units import MAX_QUANTITY
from quotakeeper.domain.usage import CallLabels
from quotakeeper.domain.windows import SECOND
from quotakeeper.engine.call_builder import PreparedCall
from quotakeeper.engine.callers import Caller
from quotakeeper.engine.journals.booking import assumed
from quotakeeper.engine.journals.fence import TOKEN_BYTES, Fence
from quotakeeper.engine.journals.lease_journal import JournalSegment, LineKind, admitted_ending
from quotakeeper.engine.leases.lease_room import LeaseRoom, Needs
from quotakeeper.errors import InvalidInputError
from quotakeeper.identifiers import id_series

TERM_SECONDS = 10.0  # that a lease outlives its process by, where that cannot be told sooner
DRAWN_ON_SECONDS = 8.0  # of those; the rest is for clocks and for a process that was held up
RENEWED_AFTER_SECONDS = 4.0
_COST = "cost"  # no stored quantity is called that


class Lease:
    """What is left of a lease. `until` is monotonic seconds, `stops_at` wall time: it is drawn on
    before both, so neither a clock that is set nor a process that was stopped stretches it."""

    __slots__ = (
        "asked_at", "at", "calls", "decision", "id", "labels", "latest", "latest_at", "new_id",
        "owner", "page", "quiet_since", "renew_at", "room", "seen", "stops_at", "taken", "token",
        "until",
    )  # fmt: skip

    def __init__(
        self, hold: Hold, now: int, monotonic: float, left_us: int,
        fence: tuple[Fence, bytes] | None = None,
    ) -> None:  # fmt: skip
        self.id = hold.id
        # What its process's fence said before it was asked for. Read any later, the token might be
        # of somebody who has ended this very lease. Without a ledger file there is no fence.
        self.page = None if fence is None else fence[0].page
        self.token = b"" if fence is None else fence[1]
        self.at = hold.at
        self.labels: CallLabels = hold.labels
        self.owner = hold.owner
        # However often it is renewed, not beyond the end of the periods that it was granted in.
        self.latest = monotonic + left_us / SECOND
        self.latest_at = now + left_us
        self.calls = 0  # that the newest block was for
        self.asked_at = monotonic  # when that was
        self.new_id = id_series(hold.at)
        self.decision = Decision(True)  # about its newest block
        self.room = LeaseRoom()
        self.taken = self.seen = 0
        self.quiet_since = monotonic
        self.renewed(now, monotonic)

    @property
    def is_open(self) -> bool:
        """Whether calls may still be admitted on it."""
        return self.room.newest.is_open

    @property
    def is_fenced(self) -> bool:
        """Whether somebody else has read, or reads, what was admitted on it: nothing more is."""
        return self.page is not None and self.page[:TOKEN_BYTES] != self.token

    def renewed(self, now: int, monotonic: float) -> None:
        """It has its full term from these instants on."""
        self.until = min(self.latest, monotonic + DRAWN_ON_SECONDS)
        self.stops_at = min(self.latest_at, now + int(DRAWN_ON_SECONDS * SECOND))
        self.renew_at = monotonic + RENEWED_AFTER_SECONDS

    def add(self, figures: Figures) -> None:
        """More of it was granted, or a call has left its part unused."""
        self.room.add(needs_of(figures))

    def holds(self, needs: Needs) -> bool:
        """Whether a call fits in what is left."""
        room = self.room.newest.room
        return all(room.get(key, 0) >= amount for key, amount in needs)


class Shape:
    """All calls that are asked for in the same words: what they need, and of which lease."""

    __slots__ = ("call", "figures", "granted", "needs", "sent", "ttl_us")

    def __init__(self, call: PreparedCall, figures: Figures, ttl_us: int, sent: bool) -> None:
        self.call = call
        self.figures = figures
        self.ttl_us = ttl_us
        self.sent = sent  # whether it leaves as soon as it is admitted
        self.needs = needs_of(figures)
        # With the end of the line that the journal gets: both at once, they are read without a lock.
        self.granted: tuple[Lease, str] | None = None

    def on(self, lease: Lease) -> None:
        """Be admitted on this lease from now on."""
        if self.granted is None or self.granted[0] is not lease:
            self.granted = lease, admitted_ending(lease.id, self.ttl_us, self.figures)


class LeasedCall:
    """One call admitted on a lease. `drawn`: the ledger knows of it; `end` says how it ended.

    `segment` and `end_segment` are the parts of the journal that say so.
    """

    __slots__ = (
        "__weakref__", "at", "caller", "drawn", "end", "end_segment", "figures", "id",
        "is_offered", "lease", "segment", "sent", "shape", "ttl_us",
    )  # fmt: skip

    def __init__(self, event_id: str, at: int, shape: Shape, lease: Lease,
                 segment: JournalSegment | None) -> None:  # fmt: skip
        self.id = event_id
        self.at = at
        self.shape = shape
        self.lease = lease
        self.segment = segment
        self.caller: Caller | None = None  # who holds it, where that is known
        self.end_segment: JournalSegment | None = None
        self.is_offered = False  # whether it may have been admitted
        self.drawn = False
        self.sent = shape.sent
        self.end: LineKind | None = None
        self.figures: Figures | None = None
        self.ttl_us = shape.ttl_us

    @property
    def draw(self) -> Draw:
        """The command that makes the ledger know of it."""
        figures = self.shape.figures
        return Draw(self.id, self.lease.id, figures, self.lease.owner, self.ttl_us, self.at)

    def commands(self) -> Sequence[Command]:
        """As KeptCall's: nothing where it was given back before the ledger knew of it.

        Who has fenced this process may have drawn it, or be about to: its end is then said of a
        call that the ledger knows.
        """
        if self.drawn:
            return [self._ending()]
        if self.end is not LineKind.RELEASED:
            return [self.draw, self._ending()]
        if not self.lease.is_fenced:
            return []
        return [replace(self.draw, only_if_open=True), Release(self.id)]

    def instead(self, failed: Failed, *, first: bool) -> Record | None:
        """As KeptCall's."""
        unknown = first and isinstance(failed.error, InvalidInputError)
        if not unknown or self.end is LineKind.RELEASED:
            return None
        # The ledger knows no such lease, it is another file now: what was used is used.
        figures = self.figures or assumed(self.shape.figures)
        return Record(self.id, self.lease.labels, figures, self.shape.call.limits, self.at)

    def _ending(self) -> Command:
        if self.end is LineKind.SETTLED and self.figures is not None:
            return Settle(self.id, self.figures, self.shape.call.limits)
        if self.end is LineKind.ASSUMED:
            return Assume(self.id, self.shape.call.limits)
        return Release(self.id)

    def hold(self) -> Hold:
        """It, as a reservation of its own."""
        figures = self.shape.figures
        return Hold(
            self.id, self.at, self.lease.labels, figures.quantities, figures.cost_pico,
            figures.price_id, figures.provenance, self.lease.owner, self.at + self.ttl_us,
        )  # fmt: skip


def needs_of(figures: Figures) -> Needs:
    """What figures take out of a lease, by component."""
    needs = list(figures.quantities.items())
    if figures.cost_pico:
        needs.append((_COST, figures.cost_pico))
    return tuple(needs)


def block_of(figures: Figures, calls: int) -> Figures:
    """The figures of so many calls at once."""
    assert figures.cost_pico is not None
    quantities = {key: amount * calls for key, amount in figures.quantities.items()}
    return replace(figures, quantities=quantities, cost_pico=figures.cost_pico * calls)


def most_calls(figures: Figures) -> int:
    """For how many calls there can be one entry in a ledger."""
    most = [MAX_QUANTITY // amount for amount in figures.quantities.values() if amount]
    if figures.cost_pico:
        most.append(MAX_PICO // figures.cost_pico)
    return min(most, default=1)
