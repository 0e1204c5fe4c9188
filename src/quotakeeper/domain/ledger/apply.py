"""The rules of every ledger: they turn commands into outcomes and journal entries.

`apply(state, commands, now)` decides each command in order. It applies the entries of each command
to the state before it decides the next. So a batch has the same effect as its commands one by one.
This module reads no clock and no disk. It guarantees:

- A reservation is admitted only if it fits all its hard limits. A refused reservation changes
  nothing.
- Settling is never refused because of its amount. The excess is overage and blocks later calls.
- An id counts once for ever. A repeated command gets the first answer.
- Ledger time never goes back. If the clock is set back, calls count in the newest period.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger import order_commands as o
from quotakeeper.domain.ledger.admission import no_room, unfit
from quotakeeper.domain.ledger.call_record import CallRecord
from quotakeeper.domain.ledger.crossings import cross
from quotakeeper.domain.ledger.entries import Entry, Figures, Kind, event_from
from quotakeeper.domain.ledger.fold import NOT_MEASURED, fold
from quotakeeper.domain.ledger.ordering import order
from quotakeeper.domain.ledger.paying_in import lapse, top_up
from quotakeeper.domain.ledger.reservations import (
    UNREAD_NOTE,
    Hold,
    State,
    assumed_nothing,
    is_lease_id,
)
from quotakeeper.domain.ledger.reserving import (
    MAX_TTL_US,
    draw,
    grow,
    mark_sent,
    reserve,
    unknown_id,
)
from quotakeeper.domain.ledger.state import LedgerState
from quotakeeper.domain.ledger.watching import watch
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.units import amounts_of
from quotakeeper.domain.usage import Outcome, Provenance
from quotakeeper.errors import KeyConflictError, ReservationClosedError
from quotakeeper.value_classes import replace


def apply(
    state: LedgerState, commands: Sequence[c.Command], now: int
) -> tuple[list[c.Outcomes], list[Entry]]:
    """Carry out a batch at instant `now` (microseconds since 1970 UTC).

    Returns one outcome per command, and the entries to append to the journal, both in order.
    """
    now = max(now, state.high_water)
    if len(commands) >= state.prefetch_from:
        state.prefetch(commands, now)
    outcomes: list[c.Outcomes] = []
    entries = lapse(state, now) if state.notices.credits else []
    for command in commands:
        if type(command) is c.Reserve:  # the most frequent commands, without a call in between
            outcome, made = reserve(state, command, now)
        elif type(command) is c.Settle:
            outcome, made = _settle(state, command, now)
        else:
            outcome, made = _decide(state, command, now)
        outcomes.append(outcome)
        entries.extend(made)
    return outcomes, entries


def _decide(state: LedgerState, command: c.Command, now: int) -> tuple[c.Outcomes, list[Entry]]:
    match command:
        case c.Reserve() | c.Settle():  # pragma: no cover - `apply` decides them without this call
            raise AssertionError(command)
        case c.Record():
            return _record(state, command, now)
        case c.Sweep():
            return _sweep(state, command, now)
        case c.Correct():
            return _correct(state, command, now)
        case c.Grow():
            return grow(state, command, now)
        case c.Draw():
            return draw(state, command, now)
        case (
            c.Watch()
            | o.PauseCalls()
            | o.ResumeCalls()
            | o.RaiseLimit()
            | o.TopUp()
            | o.AcceptClock()
            | o.AcceptLedger()
        ):
            return _about_no_call(state, command, now)
        # mypy checks that the cases cover all commands.
        case c.MarkSent() | c.Extend() | c.Release() | c.Assume():  # pragma: no branch
            return _move(state, command, now)


def _about_no_call(
    state: LedgerState,
    command: c.Watch
    | o.PauseCalls
    | o.ResumeCalls
    | o.RaiseLimit
    | o.TopUp
    | o.AcceptClock
    | o.AcceptLedger,
    now: int,
) -> tuple[c.Outcomes, list[Entry]]:
    if isinstance(command, c.Watch):
        return watch(state, command, now)
    if isinstance(command, o.TopUp):
        return top_up(state, command, now)
    return order(state, command, now)


def _settle(state: LedgerState, command: c.Settle, now: int) -> tuple[c.Outcomes, list[Entry]]:
    known = state.known(command.id)
    if known is None:
        return c.Failed(unknown_id(command.id)), []
    # Settling late is allowed once: the true figures replace an assumption, an expiry or a release.
    if known.state not in (State.HELD, State.ASSUMED, State.EXPIRED, State.RELEASED):
        if known.figures == command.figures and known.event is not None:
            return c.Booked(known.event, Kind.SETTLE, replay=True), []
        return c.Failed(ReservationClosedError(command.id, known.state, "settle")), []
    amounts = amounts_of(command.figures.quantities, command.figures.cost_pico)
    if error := no_room(state, known.labels, command.figures, known.at, amounts):
        return c.Failed(error), []
    entry = Entry(state.seq + 1, Kind.SETTLE, now, ref=known.seq, figures=command.figures)
    return _counted(state, entry, command.limits, now, amounts)


def _end(
    state: LedgerState, known: CallRecord, kind: Kind, figures: Figures, now: int,
    limits: Sequence[Limit],
) -> tuple[c.Outcomes, list[Entry]]:  # fmt: skip
    entry = Entry(state.seq + 1, kind, now, ref=known.seq, figures=figures)
    return _counted(state, entry, limits, now)


def _counted(
    state: LedgerState, entry: Entry, limits: Sequence[Limit], now: int,
    amounts: Mapping[str, int] = NOT_MEASURED,
) -> tuple[c.Booked, list[Entry]]:  # fmt: skip
    """Apply an entry that counts a call. Also add an entry for each threshold that this use
    reaches.

    `amounts` are those of the entry's figures, if they are known already.
    """
    known, figures = fold(state, entry, amounts), entry.figures
    assert figures is not None
    entries = [entry]
    crossed = cross(state, known.labels, limits, now, entries)
    event = event_from(known.id, known.at, known.labels, figures)
    return c.Booked(event, entry.kind, crossed=crossed), entries


def _record(state: LedgerState, command: c.Record, now: int) -> tuple[c.Outcomes, list[Entry]]:
    known = state.known(command.id)
    if known is not None:
        same = (
            known.state is State.RECORDED
            and known.labels == command.labels
            and known.opening.quantities == command.figures.quantities
        )
        if same and known.event is not None:
            return c.Booked(known.event, Kind.RECORD, replay=True), []
        return c.Failed(KeyConflictError(command.id)), []
    at = now if command.at is None else max(0, min(command.at, now))
    labels, figures = command.labels, command.figures
    amounts = amounts_of(figures.quantities, figures.cost_pico)
    if error := unfit(state, command.id, labels) or no_room(state, labels, figures, at, amounts):
        return c.Failed(error), []
    entry = Entry(state.seq + 1, Kind.RECORD, now, id=command.id, labels=labels, figures=figures,
                  booked_at=None if at == now else at)  # fmt: skip
    return _counted(state, entry, command.limits, now, amounts)


def _correct(state: LedgerState, command: c.Correct, now: int) -> tuple[c.Outcomes, list[Entry]]:
    known = state.known(command.id)
    if known is None or known.figures is None:
        return c.Failed(unknown_id(command.id)), []
    if known.figures == command.figures and known.event is not None:
        return c.Booked(known.event, Kind.CORRECT, replay=True), []
    amounts = amounts_of(command.figures.quantities, command.figures.cost_pico)
    if error := no_room(state, known.labels, command.figures, known.at, amounts):
        return c.Failed(error), []
    return _end(state, known, Kind.CORRECT, command.figures, now, command.limits)


def _move(
    state: LedgerState, command: c.MarkSent | c.Extend | c.Release | c.Assume, now: int
) -> tuple[c.Outcomes, list[Entry]]:
    known = state.known(command.id)
    if known is None:
        return c.Failed(unknown_id(command.id)), []
    hold = known.hold
    if isinstance(command, c.Release) and known.state is State.RELEASED:
        return c.Done(command.id, State.RELEASED), []
    if isinstance(command, c.Release) and known.state is State.ASSUMED and is_lease_id(known.id):
        return _nothing_left(state, known, now)
    if isinstance(command, c.Assume) and known.state is State.ASSUMED and known.event:
        return c.Booked(known.event, Kind.ASSUME, replay=True), []
    if hold is None:
        wanted = {c.MarkSent: "mark as sent", c.Extend: "extend", c.Release: "release"}
        verb = wanted.get(type(command), "assume")
        return c.Failed(ReservationClosedError(command.id, known.state, verb)), []
    if isinstance(command, c.Assume):
        return _end(state, known, Kind.ASSUME, _assumed(known), now, command.limits)
    if isinstance(command, c.MarkSent):
        if hold.sent:
            return c.Done(command.id, State.HELD), []
        entries: list[Entry] = []
        return c.Done(command.id, mark_sent(state, known, now, entries).state), entries
    if isinstance(command, c.Extend):
        expires_at = now + min(command.ttl_us, MAX_TTL_US)
        entry = Entry(state.seq + 1, Kind.EXTEND, now, ref=known.seq, expires_at=expires_at)
    else:
        entry = Entry(state.seq + 1, Kind.RELEASE, now, ref=known.seq)
    return c.Done(command.id, fold(state, entry).state), [entry]


def _assumed(known: CallRecord) -> Figures:
    hold = known.hold
    assert hold is not None  # use the hold: the opening entry is older than growth and draws
    return replace(known.opening, quantities=hold.quantities, cost_pico=hold.cost_pico,
                   provenance=Provenance.ASSUMED, outcome=Outcome.UNKNOWN)  # fmt: skip


def _nothing_left(
    state: LedgerState, lease: CallRecord, now: int
) -> tuple[c.Outcomes, list[Entry]]:
    """Correct an assumed lease to zero, because each call on the lease is counted separately."""
    assert lease.figures is not None
    done, nothing = c.Done(lease.id, State.ASSUMED), assumed_nothing(lease.figures)
    if not any((*lease.figures.quantities.values(), lease.figures.cost_pico)):
        return done, []
    entry = Entry(state.seq + 1, Kind.CORRECT, now, ref=lease.seq, figures=nothing)
    fold(state, entry)
    return done, [entry]


def _sweep(state: LedgerState, command: c.Sweep, now: int) -> tuple[c.Outcomes, list[Entry]]:
    entries: list[Entry] = []
    expired = 0
    booked: list[c.Booked] = []
    left: list[Hold] = []
    # Leases that wait for their term must not take the place of other reservations.
    waiting = command.away - command.read - command.unread
    overdue = state.overdue(now, command.dead_owners, command.at_most + len(waiting))
    due = [hold for hold in overdue if hold.expires_at <= now or hold.id not in waiting]
    for hold in due[: command.at_most]:
        known = state.known(hold.id)
        if known is None or known.hold is None:
            continue  # pragma: no cover - overdue() returns only open holds; mypy cannot know
        unread = hold.is_lease and hold.id not in command.read
        if unread and hold.id not in command.unread and hold.id not in command.away:
            left.append(hold)
            continue
        kind = Kind.ASSUME if hold.sent or unread else Kind.EXPIRE
        figures = _assumed(known) if kind is Kind.ASSUME else None
        if figures is not None and unread:
            figures = replace(figures, note=UNREAD_NOTE)
        entry = Entry(state.seq + 1, kind, now, ref=known.seq, figures=figures)
        if figures is not None:
            outcome, made = _counted(state, entry, command.limits, now)
            booked.append(outcome)
            entries += made
        else:
            fold(state, entry)
            entries.append(entry)
            expired += 1
    return c.Swept(expired, len(booked), tuple(booked), tuple(left)), entries
