"""Crossings: settled use of a limit reaches a threshold, once a period and turn for all processes.

- A threshold is a level in base units (`Limit.levels`). What is only reserved never reaches it.
- Each booking (settle, record, assume, correct) looks at the limits given with it that the call
  falls under, in the period under way. Each level at or below the settled use that does not stand
  crossed gets a CROSS entry, in the same batch. So what a booking without this limit has used, and
  what was used before the limit came to be, is noticed by the next booking.
- A level stands crossed until settled use falls below it: by a correction, or by the true figures
  of a call that was assumed. Crossed again after that, it is the next turn.
- A rolling window has no period: its crossings start at 0, and it is the turn that counts. Use also
  falls there as time goes by, which the next booking in the account notices before it counts.
- A limit is known by its account, its name, and its amount. A limit that is raised, lowered, or
  renamed is another one; one whose mode changes is not.
- Only limits whose balances are kept (Watch) cross, and only in the period under way: what is booked
  later into a period that has ended crosses nothing there.
"""

from __future__ import annotations

from collections.abc import Sequence

from quotakeeper.domain.ledger.admission import verdict
from quotakeeper.domain.ledger.commands import ThresholdCrossed
from quotakeeper.domain.ledger.entries import Crossing, Entry, Kind
from quotakeeper.domain.ledger.places import Mark
from quotakeeper.domain.ledger.state import LedgerState
from quotakeeper.domain.limits import Account, Limit
from quotakeeper.domain.usage import CallLabels, is_storable


def cross(
    state: LedgerState, labels: CallLabels, limits: Sequence[Limit], now: int,
    entries: list[Entry],
) -> tuple[ThresholdCrossed, ...]:  # fmt: skip
    """Right after a booking: cross what it has reached; appends to the batch's entries."""
    crossed: tuple[ThresholdCrossed, ...] = ()
    for limit, _, balance in state.caps(labels, limits, now):
        if balance is not None:
            used = balance.settled
        elif limit.window.is_rolling and _is_kept(state, limit.account, now):
            used = state.totals(limit.account, now).settled
        else:
            continue
        if used >= limit.warns_from:
            crossed += tuple(_crossed(state, limit, used, now, entries))
    return crossed


def _is_kept(state: LedgerState, account: Account, now: int) -> bool:
    return state.keeps(account, state.period(account, now).start_at)


def _crossed(
    state: LedgerState, limit: Limit, used: int, now: int, entries: list[Entry]
) -> list[ThresholdCrossed]:
    account = limit.account
    start_at = 0 if limit.window.is_rolling else state.period(account, now).start_at
    marks = state.marks(account.key)
    crossed: list[ThresholdCrossed] = []
    for level in limit.levels:
        if used < level:
            break
        mark, turn = marks.get((limit.name, limit.amount, level)), 1
        if mark is not None and mark.start_at == start_at:
            if mark.stands:
                continue
            turn = mark.turn + 1
        if not is_storable(limit.name):
            continue
        crossing = Crossing(account.key, limit.name, limit.amount, level, start_at, turn, used)
        entries.append(Entry(state.seq + 1, Kind.CROSS, now, crossing=crossing))
        fold_crossing(state, entries[-1])
        crossed.append(ThresholdCrossed(crossing, verdict(state, limit, 0, now)))
    return crossed


def fold_crossing(state: LedgerState, entry: Entry) -> None:
    """Take a CROSS entry into the state."""
    crossing = entry.crossing
    assert crossing is not None
    level = crossing.limit, crossing.amount, crossing.level
    state.set_mark(crossing.account, level, Mark(crossing.start_at, crossing.turn, True))
    state.seq, state.high_water = entry.seq, entry.at


def fall(state: LedgerState, account: Account, start_at: int, used: int) -> None:
    """Settled use of an account is this much now: what stands crossed above it no longer does."""
    for level, mark in list(state.marks(account.key).items()):
        if mark.stands and mark.start_at == start_at and level[2] > used:
            state.set_mark(account.key, level, Mark(mark.start_at, mark.turn, False))


def fall_by_time(state: LedgerState, account: Account, now: int) -> None:
    """Before something is counted in a rolling window: notice what has left it."""
    if any(mark.stands for mark in state.marks(account.key).values()):
        fall(state, account, 0, state.totals(account, now).settled)


def problem_of(state: LedgerState, entry: Entry, *, compacted: bool) -> str:
    """What is wrong with a CROSS entry, right before it is folded into a replay; "" when nothing.

    Of a journal that was compacted, the first crossing that is left may be of any turn.
    """
    crossing = entry.crossing
    kept = None if crossing is None else state.accounts.get(crossing.account)
    if crossing is None or kept is None:
        return "crosses a threshold of no account"
    used = state.totals(kept[0], entry.at).settled
    if not crossing.level <= used == crossing.used:
        return f"crosses {crossing.level} with {crossing.used} used, the journal says {used}"
    mark = state.marks(crossing.account).get((crossing.limit, crossing.amount, crossing.level))
    before = mark.turn if mark is not None and mark.start_at == crossing.start_at else 0
    if before and mark is not None and mark.stands:
        return f"crosses {crossing.level} of {crossing.limit!r} though it stands crossed"
    if crossing.turn != before + 1 and (before or not compacted):
        return f"is turn {crossing.turn} of a crossing, not {before + 1}"
    return ""
