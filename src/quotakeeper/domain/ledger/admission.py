"""Admission: decides from the limits whether a call can be sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quotakeeper.domain.decisions import Decision, Verdict
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.ledger.state import LedgerState
from quotakeeper.domain.limits import Limit, Mode
from quotakeeper.domain.money import MAX_PICO
from quotakeeper.domain.pauses import CallPause
from quotakeeper.domain.units import MAX_QUANTITY, STORED_KEYS, amounts_of
from quotakeeper.domain.usage import MAX_LABEL, CallLabels, labels_are_storable
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import replace

_ADMITTED = Decision(True)
_LONGEST_TEXT = 4_096
_MOST_LABELS = 10_000
MOST_VALUES = 20  # the most label values that a status lists for a limit per label


def admit(state: LedgerState, labels: CallLabels, figures: Figures, limits: Sequence[Limit],
          now: int, amounts: Mapping[str, int]) -> Decision:  # fmt: skip
    """Decide whether a call fits all its hard limits at `now`. `amounts` are those of `figures`.

    The decision also has a warning for each limit in which the call reaches a threshold.
    """
    refusing: list[Verdict] = []
    doubted: list[Verdict] = []  # refused because of the doubt, whatever room they have
    warnings: list[Verdict] = []
    doubt = state.doubt
    # As at the start of `caps`, without a call, because every call comes here.
    kept = state.kept_caps.get(id(labels))
    is_kept = kept is not None and kept[0] is limits and kept[1] <= now < kept[2]
    caps = kept[3] if kept is not None and is_kept else state.caps(labels, limits, now)
    for limit, meter, balance in caps:
        asked = amounts.get(meter.name, 0)
        unpriced = figures.cost_pico is None and limit.meter == "cost"
        if asked == 0 and not unpriced:
            continue
        if (
            doubt is not None
            and limit.mode is Mode.HARD
            and doubt.stops(limit.account.window, state.period(limit.account, now))
        ):
            doubted.append(verdict(state, limit, asked, now))
            continue
        totals = balance or state.totals(limit.account, now)
        together = totals.settled + totals.reserved + asked
        if unpriced:
            # The cost is unknown, so the call is refused only if the limit has nothing left.
            if together >= limit.amount and limit.mode is Mode.HARD:
                refusing.append(verdict(state, limit, 0, now))
        elif together > limit.amount and limit.mode is Mode.HARD:
            refusing.append(verdict(state, limit, asked, now))
        elif together > limit.amount or together >= limit.warns_from:
            warnings.append(verdict(state, limit, asked, now))
    if doubted:
        return Decision(False, (*doubted, *refusing), tuple(warnings), doubt=doubt)
    if refusing or warnings:
        return Decision(not refusing, tuple(refusing), tuple(warnings))
    return _ADMITTED


def check(state: LedgerState, labels: CallLabels, figures: Figures, limits: Sequence[Limit],
          now: int) -> Decision:  # fmt: skip
    """Decide whether a reservation would be admitted at `now`. Changes nothing."""
    now = max(now, state.high_water)
    amounts = amounts_of(figures.quantities, figures.cost_pico)
    return paused(state, labels, now) or admit(state, labels, figures, limits, now, amounts)


def paused(state: LedgerState, labels: CallLabels, now: int) -> Decision | None:
    """Return the refusal of a call whose provider is paused at `now`; None if no pause applies."""
    if not state.notices.pauses:
        return None
    pause = state.notices.pause_of(labels.provider, now)
    return None if pause is None else Decision(False, pause=pause)


def pauses(state: LedgerState, now: int) -> tuple[CallPause, ...]:
    """Return the pauses in force at `now`. Changes nothing."""
    return state.notices.pauses_at(max(now, state.high_water))


def standing(state: LedgerState, limits: Sequence[Limit], now: int) -> list[Verdict]:
    """Return the use of each limit at `now`. Changes nothing.

    A limit with `per` (one limit for each value of a label) yields one verdict per used value, the
    most used value first. At most 20 values get a verdict. In the last verdict, `others` is the
    number of used values without a verdict. If no value was used, there is one verdict with no use.
    """
    now = max(now, state.high_water)
    found: list[Verdict] = []
    for limit in limits:
        found += _of_values(state, limit, now) if limit.is_rule else ()
        if not limit.is_rule or not found or found[-1].limit.rule != limit.name:
            found.append(verdict(state, state.in_force(limit, now)[0], 0, now))
    return found


def _of_values(state: LedgerState, rule: Limit, now: int) -> list[Verdict]:
    used: list[tuple[int, str]] = []
    for account, _ in state.accounts.values():
        if account.is_of(rule.account):
            totals = state.totals(account, now)
            if totals.settled or totals.reserved:
                value = dict(account.scope)[rule.per]
                used.append((-totals.settled - totals.reserved, value))
    used.sort()
    listed = [rule.of_value(value) for _, value in used[:MOST_VALUES]]
    found = [verdict(state, state.in_force(x, now)[0], 0, now) for x in listed]
    if len(used) > len(found):
        found[-1] = replace(found[-1], others=len(used) - len(found))
    return found


def verdict(state: LedgerState, limit: Limit, asked: int, now: int) -> Verdict:
    """Return the verdict of one limit on a call that asks for `asked` base units at `now`."""
    account = limit.account
    totals = state.totals(account, now)
    remaining = max(0, limit.amount - totals.settled - totals.reserved)
    return Verdict(limit, asked, totals.settled, totals.reserved, remaining,
                   state.period(account, now), state.resets_at(account, now))  # fmt: skip


def unfit(
    state: LedgerState, event_id: str, labels: CallLabels, owner: str = ""
) -> InvalidInputError | None:
    """Return why the ledger cannot store a call with these names; None if it can.

    Callers checked the names before. This check prevents one wrong name from failing a whole batch.
    """
    # Comparisons instead of calls of `is_storable`, because every call comes here.
    if not (0 < len(event_id) <= MAX_LABEL and event_id.isprintable()):
        return InvalidInputError("id", "is not a printable text of 1 to 256 characters")
    if state.fit_labels.get(id(labels)) is not labels:
        if not labels_are_storable(labels):
            return InvalidInputError("labels", "are not printable texts of 1 to 256 characters")
        if len(state.fit_labels) > _MOST_LABELS:
            state.fit_labels.clear()
        state.fit_labels[id(labels)] = labels
    if len(owner) > MAX_LABEL or not owner.isprintable():
        return InvalidInputError("owner", "is not a printable text of at most 256 characters")
    return None


def no_room(
    state: LedgerState, labels: CallLabels, figures: Figures, at: int, amounts: Mapping[str, int]
) -> InvalidInputError | None:
    """Return why the ledger cannot count these figures at `at`; None if it can. `amounts` are those
    of `figures`.

    The reason is a figure that is not valid, or a balance that would become too large to store.
    """
    if figures.cost_pico is not None and not 0 <= figures.cost_pico <= MAX_PICO:
        return InvalidInputError("cost", "is more than the ledger can hold (9.2 million USD)")
    if figures.duration_ms is not None and not 0 <= figures.duration_ms <= MAX_QUANTITY:
        return InvalidInputError("duration_ms", f"is not from 0 to {MAX_QUANTITY}")
    for key, amount in figures.quantities.items():
        if key not in STORED_KEYS or not 0 <= amount <= MAX_QUANTITY:
            return InvalidInputError(
                key[:60], f"is an unknown meter, or its amount is not from 0 to {MAX_QUANTITY}"
            )
    for text in (figures.price_id, figures.model_served, figures.note):
        if text and (len(text) > _LONGEST_TEXT or not text.isprintable()):
            return InvalidInputError("figures", f"{text[:60]!r} is not a printable text")
    # As at the start of `places`, without a call, because every call comes here.
    kept = state.kept_places.get(id(labels))
    is_kept = kept is not None and kept[0] <= at < kept[1]
    places = kept[2] if kept is not None and is_kept else state.places(labels, at)
    for account, meter, _, balance in places:
        amount = amounts.get(meter.name, 0)
        if max(balance.settled + balance.reserved, balance.overage) + amount > MAX_PICO:
            return InvalidInputError(
                account.meter, "the sum is more than the ledger can hold", "check the amount"
            )
    return None
