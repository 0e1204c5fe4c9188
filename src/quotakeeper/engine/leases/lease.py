"""A lease of this process: the part that is not used yet, and the calls admitted on the lease."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

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
from quotakeeper.domain.ledger.reservations import Hold, process_of
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
from quotakeeper.value_classes import replace

TERM_SECONDS = 10.0  # beside a ledger file
_COST = "cost"  # no stored quantity has this name


class LeaseTerm(NamedTuple):
    """How long a lease lasts, in seconds.

    - `seconds`: a lease that is not renewed expires after this time.
    - `drawn_on`: its use ends after this time, to allow for clock differences and delays.
    - `renewed_after`: a lease in use is renewed after this time.
    """

    seconds: float
    drawn_on: float
    renewed_after: float


def term_of(seconds: float) -> LeaseTerm:
    """Return the term of leases that expire after `seconds`."""
    return LeaseTerm(seconds, seconds * 0.8, seconds * 0.4)


FILE_TERM = term_of(TERM_SECONDS)


class Lease:
    """A lease. It is used only before `until` (monotonic seconds) and before `stops_at` (wall
    time).

    Because of both bounds, neither a changed clock nor a stopped process extends the lease.
    """

    __slots__ = (
        "asked_seconds", "at", "calls", "decision", "granted_at", "granted_for", "id", "labels",
        "latest", "latest_at", "new_id", "owner", "page", "quiet_since", "renew_at", "room", "seen",
        "stops_at", "taken", "taken_before", "term", "token", "until", "used_up_at",
    )  # fmt: skip

    def __init__(
        self, hold: Hold, now: int, monotonic: float, left_us: int,
        fence: tuple[Fence, bytes] | None = None, term: LeaseTerm = FILE_TERM,
    ) -> None:  # fmt: skip
        self.id = hold.id
        self.term = term
        # The token of the fence before the lease was requested. A later token may come from a
        # process that has ended this lease. A ledger in memory has no fence.
        self.page = None if fence is None else fence[0].page
        self.token = b"" if fence is None else fence[1]
        self.at = hold.at
        self.labels: CallLabels = hold.labels
        self.owner = process_of(hold.owner)
        # A renewal does not extend the lease beyond the periods in which it was granted.
        self.latest = monotonic + left_us / SECOND
        self.latest_at = now + left_us
        self.calls = 0  # the calls of the newest block
        # Start and end of the use of the newest block, without waits for the ledger. An end of 0:
        # the block is not used up.
        self.granted_at, self.used_up_at = monotonic, 0.0
        self.asked_seconds = 0.0  # how long the ledger took to grant the newest block
        self.taken_before = 0  # the calls that were taken before the newest block was granted
        self.granted_for: Shape | None = None  # the newest block is for such calls
        self.new_id = id_series(hold.at)
        self.decision = Decision(True)  # the decision about the newest block
        self.room = LeaseRoom()
        self.taken = self.seen = 0
        self.quiet_since = monotonic
        self.renewed(now, monotonic)

    @property
    def is_open(self) -> bool:
        """Whether calls may still be admitted on this lease."""
        return self.room.newest.is_open

    @property
    def is_fenced(self) -> bool:
        """Whether another process has fenced this process. Then no more calls are admitted on this
        lease."""
        return self.page is not None and self.page[:TOKEN_BYTES] != self.token

    def renewed(self, now: int, monotonic: float) -> None:
        """Set the bounds `until` and `stops_at` after the lease was renewed at these instants."""
        self.until = min(self.latest, monotonic + self.term.drawn_on)
        self.stops_at = min(self.latest_at, now + int(self.term.drawn_on * SECOND))
        self.renew_at = monotonic + self.term.renewed_after

    def add(self, figures: Figures) -> None:
        """Add the amounts of a granted block, or of a released call, to the unused part."""
        self.room.add(needs_of(figures))

    def calls_left(self, needs: Needs) -> int:
        """Return for how many calls with these needs the unused part of the lease is enough."""
        room = self.room.newest.room
        return min((room.get(key, 0) // amount for key, amount in needs if amount), default=0)

    def holds(self, needs: Needs) -> bool:
        """Whether the unused part of the lease is enough for a call with these needs."""
        room = self.room.newest.room
        return all(room.get(key, 0) >= amount for key, amount in needs)


class Shape:
    """All calls with the same arguments: the amounts of each call, and the lease that admits
    them."""

    __slots__ = ("call", "figures", "granted", "needs", "sent", "ttl_us")

    def __init__(self, call: PreparedCall, figures: Figures, ttl_us: int, sent: bool) -> None:
        self.call = call
        self.figures = figures
        self.ttl_us = ttl_us
        self.sent = sent  # whether such calls are sent as soon as they are admitted
        self.needs = needs_of(figures)
        # The lease with the end of the journal line, in one tuple, so that both are read without a
        # lock.
        self.granted: tuple[Lease, str] | None = None

    def on(self, lease: Lease) -> None:
        """Use `lease` for all further calls of this shape."""
        if self.granted is None or self.granted[0] is not lease:
            self.granted = lease, admitted_ending(lease.id, self.ttl_us, self.figures)


class LeasedCall:
    """One call on a lease.

    `drawn`: the ledger has the call as a reservation. `end` says how the call ended; None while it
    is under way. `segment` is the journal file with the line of its admission, and `end_segment`
    the file with the line of its end.
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
        self.caller: Caller | None = None  # the thread or task that holds it, if known
        self.end_segment: JournalSegment | None = None
        self.is_offered = False  # whether its admission was begun
        self.drawn = False
        self.sent = shape.sent
        self.end: LineKind | None = None
        self.figures: Figures | None = None
        self.ttl_us = shape.ttl_us

    @property
    def draw(self) -> Draw:
        """The command that writes the call to the ledger as a reservation."""
        figures = self.shape.figures
        return Draw(self.id, self.lease.id, figures, self.lease.owner, self.ttl_us, self.at)

    def commands(self) -> Sequence[Command]:
        """Return the commands that book the call; see KeptCall.

        Returns no commands for a released call that was never written to the ledger. If another
        process has fenced this process, it may have written the call. Then the commands release it
        in the ledger.
        """
        if self.drawn:
            return [self.ending]
        if self.end is not LineKind.RELEASED:
            return [self.draw, self.ending]
        if not self.lease.is_fenced:
            return []
        return [replace(self.draw, only_if_open=True), Release(self.id)]

    def instead(self, failed: Failed, *, first: bool) -> Record | None:
        """Return the record to book if the ledger does not have the lease; see KeptCall."""
        unknown = first and isinstance(failed.error, InvalidInputError)
        if not unknown or self.end is LineKind.RELEASED:
            return None
        # The ledger file was replaced and does not have the lease, but the call was made.
        figures = self.figures or assumed(self.shape.figures)
        return Record(self.id, self.lease.labels, figures, self.shape.call.limits, self.at)

    @property
    def ending(self) -> Command:
        """The command that ends the call in the ledger."""
        if self.end is LineKind.SETTLED and self.figures is not None:
            return Settle(self.id, self.figures, self.shape.call.limits)
        if self.end is LineKind.ASSUMED:
            return Assume(self.id, self.shape.call.limits)
        return Release(self.id)

    def hold(self) -> Hold:
        """Return this call in the form of a reservation."""
        figures = self.shape.figures
        return Hold(
            self.id, self.at, self.lease.labels, figures.quantities, figures.cost_pico,
            figures.price_id, figures.provenance, self.lease.owner, self.at + self.ttl_us,
        )  # fmt: skip


def needs_of(figures: Figures) -> Needs:
    """Return the amounts that a call takes from a lease: its quantities and its cost."""
    needs = list(figures.quantities.items())
    if figures.cost_pico:
        needs.append((_COST, figures.cost_pico))
    return tuple(needs)


def block_of(figures: Figures, calls: int) -> Figures:
    """Return the sum of the figures of `calls` equal calls."""
    assert figures.cost_pico is not None
    quantities = {key: amount * calls for key, amount in figures.quantities.items()}
    return replace(figures, quantities=quantities, cost_pico=figures.cost_pico * calls)


def most_calls(figures: Figures) -> int:
    """Return the largest number of calls whose total fits in one ledger entry."""
    most = [MAX_QUANTITY // amount for amount in figures.quantities.values() if amount]
    if figures.cost_pico:
        most.append(MAX_PICO // figures.cost_pico)
    return min(most, default=1)
