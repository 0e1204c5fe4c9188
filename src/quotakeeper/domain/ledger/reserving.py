"""Reserves capacity for a call, enlarges a reservation, or takes a reservation out of a lease."""

from __future__ import annotations

from quotakeeper.domain.decisions import Decision
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.admission import admit, no_room, paused, unfit
from quotakeeper.domain.ledger.call_record import CallRecord
from quotakeeper.domain.ledger.entries import Entry, Kind
from quotakeeper.domain.ledger.fold import fold
from quotakeeper.domain.ledger.reservations import Hold, State, assumed_less, grown
from quotakeeper.domain.ledger.state import LedgerState
from quotakeeper.domain.money import MAX_PICO
from quotakeeper.domain.units import MAX_QUANTITY, Quantities, amounts_of
from quotakeeper.domain.usage import is_storable
from quotakeeper.domain.windows import SECOND
from quotakeeper.errors import (
    InvalidInputError,
    KeyConflictError,
    QuotakeeperError,
    ReservationClosedError,
)

MAX_TTL_US = 30 * 86_400 * SECOND


def reserve(state: LedgerState, command: c.Reserve, now: int) -> tuple[c.Outcomes, list[Entry]]:
    """Reserve an upper bound, or return a denial that names the limits without room."""
    attempt, known = (command.id, None) if command.is_new else _attempt(state, command)
    if known is not None:
        return _replayed(state, known, command, now)
    amounts = amounts_of(command.figures.quantities, command.figures.cost_pico)
    if error := unfit(state, command.id, command.labels, command.owner) or no_room(
        state, command.labels, command.figures, now, amounts
    ):
        return c.Failed(error), []
    decision = paused(state, command.labels, now) if state.notices.pauses else None
    if decision is None:
        decision = admit(state, command.labels, command.figures, command.limits, now, amounts)
    if not decision.allowed:
        return c.Denied(decision), []
    entry = Entry(
        state.seq + 1, Kind.RESERVE, now, id=attempt, labels=command.labels,
        figures=command.figures, owner=command.owner,
        expires_at=now + min(command.ttl_us, MAX_TTL_US), sent=command.sent,
    )  # fmt: skip
    hold = fold(state, entry, amounts).hold
    assert hold is not None
    return c.Reserved(hold, decision), [entry]


def mark_sent(state: LedgerState, known: CallRecord, now: int, entries: list[Entry]) -> CallRecord:
    """Append a SENT entry for an open reservation to `entries`: its call is about to be sent."""
    entries.append(Entry(state.seq + 1, Kind.SENT, now, ref=known.seq))
    return fold(state, entries[-1])


def _attempt(state: LedgerState, command: c.Reserve) -> tuple[str, CallRecord | None]:
    """Return the id to reserve, and the record of this id; the record is None for a new id.

    A call that was released or expired has no result, so it can be tried again. The new attempt has
    the id `<id>~2`, `<id>~3` and so on.
    """
    attempt, number = command.id, 1
    known = state.known(attempt)
    while known and known.state in (State.RELEASED, State.EXPIRED) and _same(known, command):
        number += 1
        attempt = f"{command.id}~{number}"
        if not is_storable(attempt):  # too long for another suffix
            break
        known = state.known(attempt)
    return attempt, known


def _same(known: CallRecord, command: c.Reserve) -> bool:
    return (
        known.state is not State.RECORDED
        and known.labels == command.labels
        and _same_amounts(known.opening.quantities, command)
    )


def _same_amounts(known: Quantities, command: c.Reserve) -> bool:
    if known == command.figures.quantities:
        return True
    most = command.up_to
    return (
        most is not None
        and known.keys() == most.keys()
        and all(amount <= most[key] for key, amount in known.items())
    )


def _replayed(
    state: LedgerState, known: CallRecord, command: c.Reserve, now: int
) -> tuple[c.Outcomes, list[Entry]]:
    if not _same(known, command):
        return c.Failed(KeyConflictError(command.id)), []
    entries: list[Entry] = []
    if command.sent and known.hold is not None and not known.hold.sent:
        known = mark_sent(state, known, now, entries)
    return _answered(known), entries


def _answered(known: CallRecord) -> c.Outcomes:
    """Return the first answer again, for a call that is in progress or settled."""
    if known.hold is not None:
        return c.Reserved(known.hold, Decision(True), replay=True)
    if known.event is not None:
        return c.Reserved(_ended_hold(known), Decision(True), replay=True, event=known.event)
    return c.Failed(ReservationClosedError(known.id, known.state, "reserve again"))


def _ended_hold(known: CallRecord) -> Hold:
    opening = known.opening
    return Hold(known.id, known.at, known.labels, opening.quantities, opening.cost_pico,
                opening.price_id, opening.provenance, "", known.at, sent=True)  # fmt: skip


def grow(state: LedgerState, command: c.Grow, now: int) -> tuple[c.Outcomes, list[Entry]]:
    """Reserve more for an open reservation, or return a denial that names the limits without room."""
    known = state.known(command.id)
    if known is None:
        return c.Failed(unknown_id(command.id)), []
    if known.hold is None:
        return c.Failed(ReservationClosedError(command.id, known.state, "grow")), []
    # The growth counts in the slice of the reservation. For a rolling window, that slice may
    # include more use than the window at `now`, so the check can only refuse too early.
    amounts = amounts_of(command.figures.quantities, command.figures.cost_pico)
    if error := no_room(state, known.labels, command.figures, known.at, amounts) or _beyond(
        grown(known.hold, command.figures)
    ):
        return c.Failed(error), []
    decision = paused(state, known.labels, now) or admit(
        state, known.labels, command.figures, command.limits, known.at, amounts
    )
    if not decision.allowed:
        return c.Denied(decision), []
    entry = Entry(state.seq + 1, Kind.GROW, now, ref=known.seq, figures=command.figures)
    hold = fold(state, entry).hold
    assert hold is not None
    return c.Reserved(hold, decision), [entry]


def _beyond(hold: Hold) -> InvalidInputError | None:
    """Return the error if a reservation is larger than one event can store; else None."""
    if hold.cost_pico is not None and hold.cost_pico > MAX_PICO:
        return InvalidInputError("cost", "is more than the ledger can hold (9.2 million USD)")
    for key, amount in hold.quantities.items():
        if amount > MAX_QUANTITY:
            return InvalidInputError(key, f"grows beyond {MAX_QUANTITY}", "check the amount")
    return None


def draw(state: LedgerState, command: c.Draw, now: int) -> tuple[c.Outcomes, list[Entry]]:
    """Make a reservation for one call from a lease."""
    lease = state.known(command.lease)
    if lease is None or lease.state is State.RECORDED or lease.drawn:  # it is no lease
        return c.Failed(unknown_id(command.lease)), []
    known = state.known(command.id)
    if known is not None:
        if known.labels != lease.labels or known.state is State.RECORDED:
            return c.Failed(KeyConflictError(command.id)), []
        return _answered(known), []
    if command.only_if_open and lease.state not in (State.HELD, State.ASSUMED):
        return c.Failed(ReservationClosedError(lease.id, lease.state, "draw on")), []
    amounts = amounts_of(command.figures.quantities, command.figures.cost_pico)
    if error := unfit(state, command.id, lease.labels, command.owner) or no_room(
        state, lease.labels, command.figures, lease.at, amounts
    ):
        return c.Failed(error), []
    at = _within(state, lease, now if command.at is None else command.at, now)
    entry = Entry(
        state.seq + 1, Kind.DRAW, now, id=command.id, ref=lease.seq, labels=lease.labels,
        figures=command.figures, owner=command.owner,
        expires_at=now + min(command.ttl_us, MAX_TTL_US), booked_at=None if at == now else at,
        sent=True,
    )  # fmt: skip
    hold = fold(state, entry, amounts).hold
    assert hold is not None
    return c.Reserved(hold, Decision(True)), [entry, *_correction(state, lease, command, now)]


def _correction(
    state: LedgerState, lease: CallRecord, command: c.Draw, now: int
) -> tuple[Entry, ...]:
    """Return the CORRECT entry that subtracts a drawn call from its assumed lease; () if none is
    needed.
    """
    assumed = lease.figures
    if lease.state is not State.ASSUMED or assumed is None:
        return ()
    rest = assumed_less(assumed, command.figures)
    if rest == assumed:
        return ()
    entry = Entry(state.seq + 1, Kind.CORRECT, now, ref=lease.seq, figures=rest)
    fold(state, entry)
    return (entry,)


def _within(state: LedgerState, lease: CallRecord, at: int, now: int) -> int:
    """Return `at`, moved into the lease's calendar periods, and at most `now`.

    A lease reserves amounts only in the calendar periods that contain its first instant.
    """
    latest = now
    for account in state.matching(lease.labels):
        if not account.window.is_rolling:
            latest = min(latest, state.period(account, lease.at).end_at - 1)
    return max(lease.at, min(at, latest))


def unknown_id(event_id: str) -> QuotakeeperError:
    """Return the error for an id that is not in this ledger."""
    return InvalidInputError("id", f"no reservation or event {event_id!r} in this ledger")
