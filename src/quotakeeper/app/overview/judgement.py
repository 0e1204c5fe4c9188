"""Judges whether calls are refused now, or soon will be. The overview begins with this judgement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from quotakeeper.domain.limits import Mode
from quotakeeper.errors import QuotakeeperError
from quotakeeper.value_classes import dataclass

if TYPE_CHECKING:
    from quotakeeper import Keeper
    from quotakeeper.domain.forecasting.status import LimitStatus, Status
    from quotakeeper.domain.usage import UsageEvent

_MOST_TRIED = 8  # different recent calls for which the engine is asked


class Word(StrEnum):
    """The judgement in one word. BLOCKED: the engine refuses some calls now."""

    OK = "ok"
    WATCH = "watch"
    BLOCKED = "blocked"


class Code(StrEnum):
    """Why the word is not OK, most serious first."""

    CLOCK = "clock"
    PAUSED = "paused"
    FULL = "full"
    REFUSED = "refused"
    EXCEEDED = "exceeded"
    HELD = "held"
    RUNS_OUT = "runs_out"
    WARNING = "warning"
    QUOTA = "quota"
    UNPRICED = "unpriced"


_BLOCKING = frozenset((Code.CLOCK, Code.PAUSED, Code.FULL, Code.REFUSED))
_ORDER = tuple(Code)


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. `subject` names a limit, a provider or a model; "" for all calls.

    `at` is when it begins, and `until` when it ends, in microseconds since 1970 UTC; None: not known.
    """

    code: Code
    subject: str = ""
    at: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """A word and its reasons, most serious first."""

    word: Word
    reasons: tuple[Reason, ...] = ()


def judge(status: Status, of_keys: Sequence[LimitStatus], refused: Sequence[Reason]) -> Judgement:
    """Judge the state of all limits. `refused` are the reasons of `refused_calls`."""
    found = [*_orders(status), *refused]
    for entry in (*status.limits, *of_keys):
        found += _of_limit(entry)
    found += [
        Reason(Code.QUOTA, quota.model or quota.provider, until=quota.resets_at)
        for quota in (each.at(status.as_of) for each in status.quotas)
        if quota.remaining == 0
    ]
    named = {each.subject for each in found if each.code is Code.FULL}
    found = [each for each in found if each.code is not Code.REFUSED or each.subject not in named]
    found.sort(key=lambda each: (_ORDER.index(each.code), each.at or 0, each.until or 0))
    if any(each.code in _BLOCKING for each in found):
        return Judgement(Word.BLOCKED, tuple(found))
    return Judgement(Word.WATCH if found else Word.OK, tuple(found))


def refused_calls(keeper: Keeper, events: Iterable[UsageEvent]) -> list[Reason]:
    """Ask the engine whether calls like these recent ones would be admitted now.

    A limit with a little room left is not full, but it refuses every usual call.
    """
    asked: dict[object, UsageEvent] = {}
    for event in events:
        asked.setdefault((event.labels, tuple(sorted(event.quantities.items()))), event)
    found: dict[str, Reason] = {}
    for event in list(asked.values())[:_MOST_TRIED]:
        for reason in _answer(keeper, event):
            found.setdefault(reason.subject, reason)
    return list(found.values())


def _answer(keeper: Keeper, event: UsageEvent) -> list[Reason]:
    labels = event.labels
    try:
        decision = keeper.check(
            labels.provider, model=labels.model, operation=labels.operation,
            scope=dict(labels.scope), quantities=dict(event.quantities),
        )  # fmt: skip
    except QuotakeeperError:
        return []  # the call cannot be judged, for example because its model has no price now
    waits = decision.is_held and keeper.settings.on_busy == "wait"
    if decision.allowed or not decision.refusing or waits:
        return []  # a pause or a doubt is in the status
    verdict = decision.blocking
    until = None if verdict.limit.window.is_endless else verdict.resets_at
    return [Reason(Code.REFUSED, verdict.limit.name, until=until)]


def is_full(entry: LimitStatus) -> bool:
    """Return whether this limit refuses every call that it counts, until its reset."""
    return entry.limit.mode is Mode.HARD and entry.used >= entry.limit.amount


def runs_out_at(entry: LimitStatus) -> int | None:
    """Return when nothing is left, if that is before the limit's reset; else None."""
    found = entry.forecast
    if found is None or found.exhausts_at is None or entry.limit.mode is Mode.SHADOW:
        return None
    if not entry.limit.window.is_endless and found.exhausts_at >= entry.resets_at:
        return None
    return found.exhausts_at


def _orders(status: Status) -> list[Reason]:
    found = [Reason(Code.PAUSED, each.provider, each.at, each.until) for each in status.pauses]
    if status.doubt is not None:
        found.append(Reason(Code.CLOCK))
    return found


def _of_limit(entry: LimitStatus) -> list[Reason]:
    limit = entry.limit
    if limit.mode is Mode.SHADOW:
        return []
    until = None if limit.window.is_endless else entry.resets_at
    if is_full(entry):
        return [Reason(Code.FULL, limit.name, until=until)]
    if entry.state == "exceeded":
        return [Reason(Code.EXCEEDED, limit.name, until=until)]
    if limit.mode is Mode.HARD and entry.remaining <= 0:
        return [Reason(Code.HELD, limit.name)]
    ends = runs_out_at(entry)
    if ends is not None:
        return [Reason(Code.RUNS_OUT, limit.name, ends, until)]
    if entry.state == "warning":
        return [Reason(Code.WARNING, limit.name, until=until)]
    return [Reason(Code.UNPRICED, limit.name)] if entry.unpriced_calls else []
