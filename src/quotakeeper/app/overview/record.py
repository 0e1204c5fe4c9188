"""Converts the overview to a JSON record. Money and amounts are decimal text, never floats."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from quotakeeper.app.overview.day_sums import DaySum, Spent, minute_cost
from quotakeeper.app.overview.judgement import Reason, is_full, runs_out_at
from quotakeeper.app.overview.reading import SHOWN_DAYS, Overview
from quotakeeper.app.records.amounts import rate_record
from quotakeeper.app.records.clocks import doubt_record
from quotakeeper.app.records.events import event_record
from quotakeeper.app.records.instants import rfc3339, rfc3339_micros, zone_text
from quotakeeper.app.records.settings import redacted
from quotakeeper.app.records.status import forecast_record, limit_record, percent_text
from quotakeeper.domain.limits import Mode
from quotakeeper.domain.money import usd_text
from quotakeeper.domain.numbers import percentage
from quotakeeper.domain.units import METERS, measure, units_text
from quotakeeper.domain.usage import Provenance
from quotakeeper.domain.windows import FOREVER, SECOND, Period, moment
from quotakeeper.schemas import Schema

if TYPE_CHECKING:
    from quotakeeper.domain.forecasting.status import LimitStatus
    from quotakeeper.domain.ledger.reservations import Hold

_MOST_LIMITS = 8
_MOST_SPENDERS = 8
_MOST_OPEN = 6
_MOST_REASONS = 6
_MINUTE = 60 * SECOND


def overview_record(overview: Overview) -> dict[str, object]:
    """Return the overview as a JSON record. At most eight limits and spenders are listed."""
    status, rate = overview.status, overview.currency
    limits = sorted(overview.limits, key=_when_out)
    return {
        "schema": Schema.OVERVIEW,
        "as_of": rfc3339(status.as_of),
        "timezone": zone_text(overview.zone),
        "ledger": redacted(overview.ledger),
        "currency": rate_record(rate) if rate else None,
        "judgement": {
            "word": str(overview.judgement.word),
            "reasons": [_reason_record(x) for x in overview.judgement.reasons[:_MOST_REASONS]],
        },
        "pauses": [{"provider": each.provider, "why": each.why} for each in status.pauses],
        "clock": None if status.doubt is None else doubt_record(status.doubt),
        "today": _period_record(overview, [overview.today], "day"),
        "month": _period_record(overview, overview.month, "month"),
        "first_out": _first_out(overview.limits),
        "minute": _minute_record(overview),
        "trust": _trust_record(overview.month),
        "line": _line_record(overview),
        "limits": [_limit_record(each) for each in limits[:_MOST_LIMITS]],
        "more_limits": max(0, len(limits) - _MOST_LIMITS),
        "days": [_day_record(overview, each) for each in overview.days[-SHOWN_DAYS:]],
        **_spenders_record(overview),
        "calls": [event_record(each) for each in overview.calls],
        "open_calls": [_hold_record(each) for each in overview.open_calls[:_MOST_OPEN]],
        "open_count": len(overview.open_calls),
    }


def _reason_record(reason: Reason) -> dict[str, object]:
    return {
        "code": str(reason.code), "subject": reason.subject,
        "at": _instant(reason.at), "until": _instant(reason.until),
    }  # fmt: skip


def _period_record(overview: Overview, days: list[DaySum], kind: str) -> dict[str, object]:
    spent = _sum(day.total for day in days)
    budget = overview.budget(kind)
    return {
        **_spent_record(overview, spent),
        "limit": None if budget is None else _limit_record(budget),
        "day": _day(overview, days[0].period),
    }


def _spent_record(overview: Overview, spent: Spent) -> dict[str, object]:
    known = not spent.calls or spent.calls > spent.unpriced_calls
    rate = overview.currency
    local = f"{rate.amount(spent.cost_pico):f}" if rate and known else None
    return {
        "calls": spent.calls,
        "unpriced_calls": spent.unpriced_calls,
        "cost_usd": usd_text(spent.cost_pico) if known else None,
        "cost_local": local,
    }


def _limit_record(entry: LimitStatus) -> dict[str, object]:
    ends = runs_out_at(entry)
    return {
        **limit_record(entry), "forecast": forecast_record(entry), "full": is_full(entry),
        "runs_out_at": _instant(ends),
    }  # fmt: skip


def _when_out(entry: LimitStatus) -> tuple[bool, bool, int, Decimal]:
    """Sort limits that are used up first, then by when each runs out, then by use in percent."""
    ends = runs_out_at(entry)
    is_full = entry.remaining <= 0
    return (
        entry.limit.mode is Mode.SHADOW,
        not is_full,
        FOREVER if ends is None else ends,
        -entry.percent,
    )


def _first_out(limits: Iterable[LimitStatus]) -> dict[str, object] | None:
    """Return the limit that is full or runs out first, with its reset; None if none does."""
    full = [each for each in limits if is_full(each)]
    if full:
        return _limit_record(full[0])
    ending = [(at, each) for each in limits if (at := runs_out_at(each)) is not None]
    return _limit_record(min(ending, key=lambda each: each[0])[1]) if ending else None


def _minute_record(overview: Overview) -> dict[str, object]:
    today, length = minute_cost([overview.today])
    before, _ = minute_cost(overview.week_before)
    change = None
    if today is not None and before:
        change = percent_text(percentage(today - before, before))
    return {
        "cost_usd": None if today is None else usd_text(today),
        "before_usd": None if before is None else usd_text(before),
        "change_percent": change,
        "media_minutes": units_text(length // 1000 * 1000, METERS["audio_minutes"]),
    }


def _trust_record(days: list[DaySum]) -> dict[str, object]:
    known = {name: _sum(day.known.get(name, Spent()) for day in days) for name in Provenance}
    total = sum(each.cost_pico for each in known.values())
    reported = known[Provenance.REPORTED].cost_pico
    return {
        "reported_percent": percent_text(percentage(reported, total)) if total else None,
        "calls": {str(name): each.calls for name, each in known.items() if each.calls},
        "unpriced_calls": sum(each.unpriced_calls for each in known.values()),
    }


def _line_record(overview: Overview) -> dict[str, object]:
    """Return today's cost so far, as points: minutes since midnight, and the sum until then."""
    today = overview.today
    start, total = today.period.start_at, 0
    points: list[list[object]] = [[0, "0"]]
    for at, cost in sorted(today.steps.items()):
        total += cost
        points.append([(at - start) // _MINUTE + 5, usd_text(total)])
    now = (overview.status.as_of - start) // _MINUTE
    points = [[min(int(str(minute)), now), cost] for minute, cost in points]
    points.append([now, usd_text(total)])
    return {
        "points": points,
        "now": now,
        "minutes": (today.period.end_at - start) // _MINUTE,
        "since": rfc3339(start),
    }


def _day_record(overview: Overview, day: DaySum) -> dict[str, object]:
    return {
        "day": _day(overview, day.period),
        **_spent_record(overview, day.total),
        "providers": {
            name: usd_text(spent.cost_pico) for name, spent in sorted(day.providers.items())
        },
    }


def _spenders_record(overview: Overview) -> dict[str, object]:
    today = overview.today.spenders
    week = overview.week_before
    rows = sorted(today.items(), key=lambda each: (-each[1].cost_pico, -each[1].calls, each[0]))
    total = sum(each.cost_pico for each in today.values())
    return {
        "spenders": [
            {
                "key": who[0], "project": who[1], **_spent_record(overview, spent),
                "share_percent": percent_text(percentage(spent.cost_pico, total)) if total else "0",
                "day_before_usd": _mean(day.spenders.get(who, Spent()) for day in week),
            }
            for who, spent in rows[:_MOST_SPENDERS]
        ],
        "more_spenders": max(0, len(rows) - _MOST_SPENDERS),
    }  # fmt: skip


def _mean(parts: Iterable[Spent]) -> str | None:
    costs = [each.cost_pico for each in parts]
    return usd_text(sum(costs) // len(costs)) if costs else None


def _hold_record(hold: Hold) -> dict[str, object]:
    labels = hold.labels
    return {
        "at": rfc3339_micros(hold.at),
        "provider": labels.provider,
        "model": labels.model,
        "operation": labels.operation,
        "scope": dict(labels.scope),
        "cost_usd": None if hold.cost_pico is None else usd_text(hold.cost_pico),
        "sent": hold.sent,
        "minutes": units_text(
            measure(METERS["audio_minutes"], hold.quantities, None), METERS["audio_minutes"]
        ),
    }


def _sum(parts: Iterable[Spent]) -> Spent:
    total = Spent()
    for each in parts:
        total.calls += each.calls
        total.unpriced_calls += each.unpriced_calls
        total.cost_pico += each.cost_pico
    return total


def _day(overview: Overview, period: Period) -> str:
    return moment(period.start_at, overview.zone).date().isoformat()


def _instant(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)
