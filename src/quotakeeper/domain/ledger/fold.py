"""Applies journal entries to the balances and to the records of calls.

No entry is refused here, because the journal states facts. `ledger.apply` decides which entries are
made.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from quotakeeper.domain.ledger.call_record import CallRecord, followed, opened
from quotakeeper.domain.ledger.crossings import fall, fall_by_time, fold_crossing
from quotakeeper.domain.ledger.entries import Entry, Figures, Kind
from quotakeeper.domain.ledger.places import CountedBalance
from quotakeeper.domain.ledger.reservations import Hold, State, assumed_less
from quotakeeper.domain.ledger.state import LedgerState
from quotakeeper.domain.units import amounts_of

_NOTHING: Mapping[str, int] = MappingProxyType({})
NOT_MEASURED = _NOTHING  # for amounts that `fold` has to measure itself


def replay(state: LedgerState, entry: Entry) -> None:
    """Apply a journal entry of any kind to the state."""
    if entry.kind is Kind.CROSS:
        fold_crossing(state, entry)
    elif entry.notice is not None:
        state.note(entry)
    else:
        fold(state, entry)


def fold(state: LedgerState, entry: Entry, amounts: Mapping[str, int] = NOT_MEASURED) -> CallRecord:
    """Apply one entry about a call to the state. Returns the call's new record.

    `amounts` are those of the entry's figures, if they are known already.
    """
    freed = _taken_out(state, entry) if entry.kind is Kind.DRAW else None
    before = None if entry.ref is None or freed is not None else state.known_at(entry.ref)
    after = opened(entry, amounts or None) if before is None else followed(before, entry)
    if entry.kind is Kind.SENT or entry.kind is Kind.EXTEND:  # these kinds change no balance
        state.remember(entry, after)
        return after
    were_held = (before.held or _held_by(before)) if before and before.hold else _NOTHING
    were_used = _amounts(before.figures) if before and before.figures else _NOTHING
    now_held = (after.held or _held_by(after)) if after.hold else _NOTHING
    now_used = (amounts or _amounts(after.figures)) if after.figures else _NOTHING
    # As at the start of `places`, without a call, because every call comes here.
    kept, at = state.kept_places.get(id(after.labels)), after.at
    is_kept = kept is not None and kept[0] <= at < kept[1]
    changed: list[CountedBalance] = []
    for place in kept[2] if kept is not None and is_kept else state.places(after.labels, at):
        account, meter, start, balance = place
        name = meter.name
        held, used = were_held.get(name, 0), were_used.get(name, 0)
        to_hold, to_use = now_held.get(name, 0), now_used.get(name, 0)
        if held == to_hold and used == to_use:
            continue
        rolling = account.window.is_rolling
        balance.reserved += to_hold - held
        if to_use != used:
            if rolling:
                fall_by_time(state, account, entry.at)
            balance.settled += to_use - used
            balance.overage += max(0, to_use - held - used)
        if freed is not None:
            balance.overage += max(0, to_hold - freed.get(account.key, 0))
        if to_use >= used:
            changed.append(place)
        else:
            state.touch((place,))
            if rolling:
                fall_by_time(state, account, entry.at)
            else:
                fall(state, account, start, balance.settled)
    state.touch(changed)
    if after.figures is not None:
        state.count(before, after, now_used)
    state.remember(entry, after)
    return after


def _taken_out(state: LedgerState, entry: Entry) -> dict[str, int]:
    """Move the amounts of one call out of its lease. Returns the freed amount by account key.

    If the lease was assumed, the settled use of the lease still contains the call. `draw` then
    writes a CORRECT entry that subtracts the call.
    """
    assert entry.ref is not None and entry.figures is not None
    lease = state.known_at(entry.ref)
    after = followed(lease, entry)
    assumed = lease.figures if lease.state is State.ASSUMED else None
    rest = assumed and assumed_less(assumed, entry.figures)
    freed: dict[str, int] = {}
    were_held, now_held = _held_by(lease), _held_by(after)
    were_assumed, now_assumed = _amounts(assumed), _amounts(rest)
    for place in state.places(lease.labels, lease.at):
        account, meter, start, balance = place
        name = meter.name
        amount = were_held.get(name, 0) - now_held.get(name, 0)
        corrected = were_assumed.get(name, 0) - now_assumed.get(name, 0)
        if corrected and start >= state.period(account, entry.counts_at).start_at:
            freed[account.key] = corrected
        if amount:
            # In a rolling window, the lease's slice may be older than the call's window. Then
            # nothing is reserved at the call's instant, and other calls may have used that amount.
            if start >= state.period(account, entry.counts_at).start_at:
                freed[account.key] = amount
            balance.reserved -= amount
            state.touch((place,))
    state.remember(entry, after)
    return freed


def _held_by(known: CallRecord) -> Mapping[str, int]:
    return known.held or _amounts(known.hold)


def _amounts(of: Hold | Figures | None) -> Mapping[str, int]:
    return _NOTHING if of is None else amounts_of(of.quantities, of.cost_pico)
