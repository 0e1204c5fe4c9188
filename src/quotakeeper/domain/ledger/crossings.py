"""Crossings: settled use of a limit reaches a threshold. Reported once per period for all
processes.

- A threshold is a level in base units (`Limit.levels`). Reserved amounts never reach a threshold.
- Each entry that counts use (settle, record, assume, correct) checks the matching limits in their
  current periods. Each level that settled use has reached gets a CROSS entry in the same batch, if
  it has none yet. So a new limit also counts earlier use, and the use of commands that did not name
  the limit.
- A level stays crossed until settled use falls below the level. Settled use falls when a call is
  corrected, or when the true figures of an assumed call are known. `turn` counts the crossings of a
  level: the next crossing has a `turn` that is higher by 1.
- A rolling window has no period: its crossings have start 0, and `turn` tells them apart. In a
  rolling window, use also falls as time passes. This is checked before the next use is counted.
- A limit is identified by its account, name and amount. A limit that is raised, lowered or renamed
  is a different limit. A change of its mode does not matter.
- Only limits with kept balances (Watch) are checked, and only in the current period. Use that is
  counted late, in an ended period, crosses no threshold there.
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
    """Append a CROSS entry to `entries` for each threshold that settled use has just reached.

    Returns the crossings, each with the state of its limit.
    """
    crossed: tuple[ThresholdCrossed, ...] = ()
    # As at the start of `caps`, without a call, because every call comes here.
    kept = state.kept_caps.get(id(labels))
    is_kept = kept is not None and kept[0] is limits and kept[1] <= now < kept[2]
    caps = kept[3] if kept is not None and is_kept else state.caps(labels, limits, now)
    for limit, _, balance in caps:
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
    """Apply a CROSS entry to the state."""
    crossing = entry.crossing
    assert crossing is not None
    level = crossing.limit, crossing.amount, crossing.level
    state.set_mark(crossing.account, level, Mark(crossing.start_at, crossing.turn, True))
    state.seq, state.high_water = entry.seq, entry.at


def fall(state: LedgerState, account: Account, start_at: int, used: int) -> None:
    """End the crossings of all levels above `used`, the account's settled use."""
    for level, mark in list(state.marks(account.key).items()):
        if mark.stands and mark.start_at == start_at and level[2] > used:
            state.set_mark(account.key, level, Mark(mark.start_at, mark.turn, False))


def fall_by_time(state: LedgerState, account: Account, now: int) -> None:
    """End the crossings of all levels above the present use of a rolling window.

    Call this before a call is counted in the window.
    """
    if any(mark.stands for mark in state.marks(account.key).values()):
        fall(state, account, 0, state.totals(account, now).settled)


def problem_of(state: LedgerState, entry: Entry, *, compacted: bool) -> str:
    """Return what is wrong with a CROSS entry that is to be replayed; "" if nothing is.

    In a compacted journal, the first remaining crossing may have any `turn`.
    """
    crossing = entry.crossing
    kept = None if crossing is None else state.accounts.get(crossing.account)
    if crossing is None or kept is None:
        return "crosses a threshold of an unknown account"
    used = state.totals(kept[0], entry.at).settled
    if not crossing.level <= used == crossing.used:
        return (
            f"crosses {crossing.level} with {crossing.used} used, but the journal adds up to {used}"
        )
    mark = state.marks(crossing.account).get((crossing.limit, crossing.amount, crossing.level))
    before = mark.turn if mark is not None and mark.start_at == crossing.start_at else 0
    if before and mark is not None and mark.stands:
        return f"crosses {crossing.level} of {crossing.limit!r}, which is already crossed"
    if crossing.turn != before + 1 and (before or not compacted):
        return (
            f"is crossing number {crossing.turn} of its threshold, but the journal expects "
            f"number {before + 1}"
        )
    return ""
