"""The one state machine of every ledger: commands in, outcomes and entries out.

`apply(state, commands, now)` decides each command in order and folds the entries it makes into the
state before the next one, so a batch is as if its commands had come one by one. Nothing here reads
a clock or a disk. What it promises:

- A reservation is admitted only if it fits all its hard limits; a refused one changes nothing.
- Settling is never refused for its amount: what goes beyond is overage, and it blocks what follows.
- An id counts once for ever; a replay gets the first answer.
- Ledger time never goes back: a clock that was set back keeps counting in the newest period.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from quotakeeper.domain import commands as c
from quotakeeper.domain.admission import admit, no_room, passed, unfit
from quotakeeper.domain.decisions import Decision
from quotakeeper.domain.derivation import derive
from quotakeeper.domain.entries import Entry, Figures, Kind
from quotakeeper.domain.limits import Account, Limit
from quotakeeper.domain.reservations import Hold, State
from quotakeeper.domain.state import Known, LedgerState, followed, opened
from quotakeeper.domain.units import METERS, measure
from quotakeeper.domain.usage import Outcome, Provenance, is_storable
from quotakeeper.domain.windows import SECOND
from quotakeeper.errors import (
    InvalidInputError,
    KeyConflictError,
    QuotakeeperError,
    ReservationClosedError,
)

MAX_TTL_US = 30 * 86_400 * SECOND


def apply(
    state: LedgerState, commands: Sequence[c.Command], now: int
) -> tuple[list[c.Outcomes], list[Entry]]:
    """Carry out a batch at instant `now` (microseconds); give one outcome per command, and the
    entries to append to the journal, in order."""
    now = max(now, state.high_water)
    outcomes: list[c.Outcomes] = []
    entries: list[Entry] = []
    for command in commands:
        outcome, made = _decide(state, command, now)
        outcomes.append(outcome)
        entries.extend(made)
    return outcomes, entries


def fold(state: LedgerState, entry: Entry) -> Known:
    """Take one entry into the state: balances first, then what is known of its id."""
    before = None if entry.ref is None else state.known_at(entry.ref)
    after = opened(entry) if before is None else followed(before, entry)
    for account in state.matching(after.labels):
        start = state.slice_start(account, after.at)
        if not state.keeps(account, start):
            continue
        held = _hold_amount(account, before.hold) if before else 0
        used = _figures_amount(account, before.figures) if before else 0
        to_hold = _hold_amount(account, after.hold)
        to_use = _figures_amount(account, after.figures)
        if held == to_hold and used == to_use:
            continue
        balance = state.balance(account, start)
        balance.reserved += to_hold - held
        balance.settled += to_use - used
        balance.overage += max(0, to_use - held - used)
        state.touch(account, start, balance)
    state.remember(entry, after)
    return after


def _decide(state: LedgerState, command: c.Command, now: int) -> tuple[c.Outcomes, list[Entry]]:
    match command:
        case c.Reserve():
            return _reserve(state, command, now)
        case c.Settle():
            return _settle(state, command, now)
        case c.Record():
            return _record(state, command, now)
        case c.Sweep():
            return _sweep(state, command, now)
        case c.Watch():
            return _watch(state, command, now)
        case c.Correct():
            return _correct(state, command, now)
        case c.MarkSent() | c.Extend() | c.Release() | c.Assume():
            return _move(state, command, now)


def _reserve(state: LedgerState, command: c.Reserve, now: int) -> tuple[c.Outcomes, list[Entry]]:
    attempt, known = _attempt(state, command)
    if known is not None:
        return _replayed(known, command), []
    if error := unfit(command.id, command.labels, command.owner) or no_room(
        state, command.labels, command.figures, now
    ):
        return c.Failed(error), []
    decision = admit(state, command.labels, command.figures, command.limits, now)
    if not decision.allowed:
        return c.Denied(decision), []
    entry = Entry(
        state.seq + 1, Kind.RESERVE, now, id=attempt, labels=command.labels,
        figures=command.figures, owner=command.owner,
        expires_at=now + min(command.ttl_us, MAX_TTL_US),
    )  # fmt: skip
    hold = fold(state, entry).hold
    assert hold is not None
    return c.Reserved(hold, decision), [entry]


def _attempt(state: LedgerState, command: c.Reserve) -> tuple[str, Known | None]:
    """The attempt at a call that counts: the first that may have cost something, or else a new one.

    What was released or has expired left nothing that could be given as the answer, so the same
    call may be tried again: as `<id>~2`, `<id>~3` and so on, each with one end of its own.
    """
    attempt, number = command.id, 1
    known = state.known(attempt)
    while known and known.state in (State.RELEASED, State.EXPIRED) and _same(known, command):
        number += 1
        attempt = f"{command.id}~{number}"
        if not is_storable(attempt):  # too long for one more
            break
        known = state.known(attempt)
    return attempt, known


def _same(known: Known, command: c.Reserve) -> bool:
    return (
        known.state is not State.RECORDED
        and known.labels == command.labels
        and known.opening.quantities == command.figures.quantities
    )


def _replayed(known: Known, command: c.Reserve) -> c.Outcomes:
    if not _same(known, command):
        return c.Failed(KeyConflictError(command.id))
    if known.hold is not None:
        return c.Reserved(known.hold, Decision(True), replay=True)
    if known.event is not None:
        return c.Reserved(_ended_hold(known), Decision(True), replay=True, event=known.event)
    return c.Failed(ReservationClosedError(command.id, known.state, "reserve again"))


def _ended_hold(known: Known) -> Hold:
    opening = known.opening
    return Hold(known.id, known.at, known.labels, opening.quantities, opening.cost_pico,
                opening.price_id, opening.provenance, "", known.at, sent=True)  # fmt: skip


def _settle(state: LedgerState, command: c.Settle, now: int) -> tuple[c.Outcomes, list[Entry]]:
    known = state.known(command.id)
    if known is None:
        return c.Failed(_unknown(command.id)), []
    # Late is better than never: what was assumed, expired or released takes its true figures once.
    if known.state not in (State.HELD, State.ASSUMED, State.EXPIRED, State.RELEASED):
        if known.figures == command.figures and known.event is not None:
            return c.Booked(known.event, replay=True), []
        return c.Failed(ReservationClosedError(command.id, known.state, "settle")), []
    if error := no_room(state, known.labels, command.figures, known.at):
        return c.Failed(error), []
    return _end(state, known, Kind.SETTLE, command.figures, now, command.limits)


def _end(
    state: LedgerState, known: Known, kind: Kind, figures: Figures, now: int,
    limits: Sequence[Limit] = (),
) -> tuple[c.Outcomes, list[Entry]]:  # fmt: skip
    entry = Entry(state.seq + 1, kind, now, ref=known.seq, figures=figures)
    event = fold(state, entry).event
    assert event is not None
    return c.Booked(event, passed=passed(state, event, limits, now)), [entry]


def _record(state: LedgerState, command: c.Record, now: int) -> tuple[c.Outcomes, list[Entry]]:
    known = state.known(command.id)
    if known is not None:
        same = (
            known.state is State.RECORDED
            and known.labels == command.labels
            and known.opening.quantities == command.figures.quantities
        )
        if same and known.event is not None:
            return c.Booked(known.event, replay=True), []
        return c.Failed(KeyConflictError(command.id)), []
    if error := unfit(command.id, command.labels) or no_room(
        state, command.labels, command.figures, now
    ):
        return c.Failed(error), []
    entry = Entry(state.seq + 1, Kind.RECORD, now, id=command.id, labels=command.labels,
                  figures=command.figures)  # fmt: skip
    event = fold(state, entry).event
    assert event is not None
    return c.Booked(event, passed=passed(state, event, command.limits, now)), [entry]


def _correct(state: LedgerState, command: c.Correct, now: int) -> tuple[c.Outcomes, list[Entry]]:
    known = state.known(command.id)
    if known is None or known.figures is None:
        return c.Failed(_unknown(command.id)), []
    if known.figures == command.figures and known.event is not None:
        return c.Booked(known.event, replay=True), []
    if error := no_room(state, known.labels, command.figures, known.at):
        return c.Failed(error), []
    return _end(state, known, Kind.CORRECT, command.figures, now)


def _move(
    state: LedgerState, command: c.MarkSent | c.Extend | c.Release | c.Assume, now: int
) -> tuple[c.Outcomes, list[Entry]]:
    known = state.known(command.id)
    if known is None:
        return c.Failed(_unknown(command.id)), []
    hold = known.hold
    if isinstance(command, c.Release) and known.state is State.RELEASED:
        return c.Done(command.id, State.RELEASED), []
    if isinstance(command, c.Assume) and known.state is State.ASSUMED and known.event:
        return c.Booked(known.event, replay=True), []
    if hold is None:
        wanted = {c.MarkSent: "mark as sent", c.Extend: "extend", c.Release: "release"}
        verb = wanted.get(type(command), "assume")
        return c.Failed(ReservationClosedError(command.id, known.state, verb)), []
    if isinstance(command, c.Assume):
        return _end(state, known, Kind.ASSUME, _assumed(known), now)
    if isinstance(command, c.MarkSent):
        if hold.sent:
            return c.Done(command.id, State.HELD), []
        entry = Entry(state.seq + 1, Kind.SENT, now, ref=known.seq)
    elif isinstance(command, c.Extend):
        expires_at = now + min(command.ttl_us, MAX_TTL_US)
        entry = Entry(state.seq + 1, Kind.EXTEND, now, ref=known.seq, expires_at=expires_at)
    else:
        entry = Entry(state.seq + 1, Kind.RELEASE, now, ref=known.seq)
    return c.Done(command.id, fold(state, entry).state), [entry]


def _assumed(known: Known) -> Figures:
    return replace(known.opening, provenance=Provenance.ASSUMED, outcome=Outcome.UNKNOWN)


def _sweep(state: LedgerState, command: c.Sweep, now: int) -> tuple[c.Outcomes, list[Entry]]:
    entries: list[Entry] = []
    assumed = 0
    for hold in state.overdue(now, command.dead_owners, command.at_most):
        known = state.known(hold.id)
        if known is None or known.hold is None:
            continue
        kind = Kind.ASSUME if hold.sent else Kind.EXPIRE
        figures = _assumed(known) if hold.sent else None
        entry = Entry(state.seq + 1, kind, now, ref=known.seq, figures=figures)
        fold(state, entry)
        entries.append(entry)
        assumed += hold.sent
    return c.Swept(len(entries) - assumed, assumed), entries


def _watch(state: LedgerState, command: c.Watch, now: int) -> tuple[c.Outcomes, list[Entry]]:
    fresh = {
        account.key: (account, state.period(account, now).start_at)
        for account in command.accounts
        if account.key not in state.accounts
    }
    if not fresh:
        return c.Watched(), []
    wanted = list(fresh.values())
    # What was used before anybody kept these balances counts too: it is read from the journal,
    # once for all of them.
    for (account, since), derived in zip(wanted, derive(state, wanted), strict=True):
        state.add_account(account, since)
        for start, used in derived.items():
            balance = state.balance(account, start)
            balance.settled, balance.reserved = used.settled, used.reserved
            balance.overage = used.overage
            state.touch(account, start, balance)
    return c.Watched(), []


def _unknown(event_id: str) -> QuotakeeperError:
    return InvalidInputError("id", f"no reservation or event {event_id!r} in this ledger")


def _hold_amount(account: Account, hold: Hold | None) -> int:
    return measure(METERS[account.meter], hold.quantities, hold.cost_pico) if hold else 0


def _figures_amount(account: Account, figures: Figures | None) -> int:
    if figures is None:
        return 0
    return measure(METERS[account.meter], figures.quantities, figures.cost_pico)
