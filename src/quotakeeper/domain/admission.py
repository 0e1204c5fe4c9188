"""Admission: what limits say of a call, before it goes out and after it was booked."""

from __future__ import annotations

from collections.abc import Sequence

from quotakeeper.domain.decisions import Decision, Verdict
from quotakeeper.domain.entries import Figures
from quotakeeper.domain.limits import Limit, Mode
from quotakeeper.domain.state import LedgerState
from quotakeeper.domain.units import measure
from quotakeeper.domain.usage import CallLabels, UsageEvent


def admit(state: LedgerState, labels: CallLabels, figures: Figures, limits: Sequence[Limit],
           now: int) -> Decision:  # fmt: skip
    """Whether a call fits all its hard limits at `now`, and which limits it comes close to."""
    refusing: list[Verdict] = []
    warnings: list[Verdict] = []
    for limit in limits:
        asked = measure(limit.account_meter, figures.quantities, figures.cost_pico)
        if asked == 0 or not limit.matches(labels):
            continue
        says = verdict(state, limit, asked, now)
        if not says.fits and limit.mode is Mode.HARD:
            refusing.append(says)
        elif not says.fits or passed_thresholds(says):
            warnings.append(says)
    return Decision(not refusing, tuple(refusing), tuple(warnings))


def check(state: LedgerState, labels: CallLabels, figures: Figures, limits: Sequence[Limit],
          now: int) -> Decision:  # fmt: skip
    """Whether a reservation would be admitted at `now`; changes nothing."""
    return admit(state, labels, figures, limits, max(now, state.high_water))


def standing(state: LedgerState, limits: Sequence[Limit], now: int) -> list[Verdict]:
    """Where each limit stands at `now`, nothing asked; changes nothing."""
    now = max(now, state.high_water)
    return [verdict(state, limit, 0, now) for limit in limits]


def verdict(state: LedgerState, limit: Limit, asked: int, now: int) -> Verdict:
    """What a limit says of asking for `asked` more base units at `now`."""
    account = limit.account
    totals = state.totals(account, now)
    remaining = max(0, limit.amount - totals.settled - totals.reserved)
    return Verdict(limit, asked, totals.settled, totals.reserved, remaining,
                   state.period(account, now), state.resets_at(account, now))  # fmt: skip


def passed_thresholds(verdict: Verdict) -> bool:
    """Whether use with what was asked is at or above the lowest threshold of the limit."""
    lowest = min(verdict.limit.thresholds, default=None)
    together = verdict.used + verdict.reserved + verdict.asked
    return lowest is not None and together >= lowest * verdict.limit.amount and together > 0


def passed(
    state: LedgerState, event: UsageEvent, limits: Sequence[Limit], now: int
) -> tuple[Verdict, ...]:
    """The limits that an event counted in and that are now at or above a threshold."""
    touched = (
        limit for limit in limits
        if measure(limit.account_meter, event.quantities, event.cost_pico)
    )  # fmt: skip
    verdicts = (verdict(state, limit, 0, now) for limit in touched)
    return tuple(says for says in verdicts if passed_thresholds(says))
