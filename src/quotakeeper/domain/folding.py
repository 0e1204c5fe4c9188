"""Folding: what one entry of the journal does to the balances, and to what is known of its id.

It never refuses: what an entry says has happened. The rules for what may happen are in `ledger`.
"""

from __future__ import annotations

from quotakeeper.domain.entries import Entry, Figures, Kind
from quotakeeper.domain.limits import Account
from quotakeeper.domain.reservations import Hold
from quotakeeper.domain.state import Known, LedgerState, followed, opened
from quotakeeper.domain.units import METERS, measure

_NOT_COUNTED = (Kind.SENT, Kind.EXTEND)  # these change no balance


def fold(state: LedgerState, entry: Entry) -> Known:
    """Take one entry into the state: balances first, then what is known of its id."""
    freed = _taken_out(state, entry) if entry.kind is Kind.DRAW else None
    before = None if entry.ref is None or freed is not None else state.known_at(entry.ref)
    after = opened(entry) if before is None else followed(before, entry)
    if entry.kind in _NOT_COUNTED:
        state.remember(entry, after)
        return after
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
        if freed is not None:
            balance.overage += max(0, to_hold - freed.get(account.key, 0))
        state.touch(account, start, balance)
    if after.figures is not None:
        state.count(before, after)
    state.remember(entry, after)
    return after


def _taken_out(state: LedgerState, entry: Entry) -> dict[str, int]:
    """Take what a call draws out of its lease; gives how much that was, by account."""
    assert entry.ref is not None
    lease = state.known_at(entry.ref)
    after = followed(lease, entry)
    freed: dict[str, int] = {}
    for account in state.matching(lease.labels):
        start = state.slice_start(account, lease.at)
        amount = _hold_amount(account, lease.hold) - _hold_amount(account, after.hold)
        if amount and state.keeps(account, start):
            # A rolling window may have left the lease behind: then nothing of it is set aside for
            # the instant that the call counts on, and others may have had that room since.
            if start >= state.period(account, entry.counts_at).start_at:
                freed[account.key] = amount
            balance = state.balance(account, start)
            balance.reserved -= amount
            state.touch(account, start, balance)
    state.remember(entry, after)
    return freed


def _hold_amount(account: Account, hold: Hold | None) -> int:
    return measure(METERS[account.meter], hold.quantities, hold.cost_pico) if hold else 0


def _figures_amount(account: Account, figures: Figures | None) -> int:
    if figures is None:
        return 0
    return measure(METERS[account.meter], figures.quantities, figures.cost_pico)
