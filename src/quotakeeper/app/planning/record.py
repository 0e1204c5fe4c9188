"""Converts a plan to a JSON record. Money and amounts are decimal text; instants are RFC 3339 in UTC."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from quotakeeper.app.planning.days import DayPlan, Plan, days_of, state_of
from quotakeeper.app.planning.estimates import FilePlan, Spread, Use
from quotakeeper.app.records.instants import rfc3339, zone_text
from quotakeeper.app.records.quotas import quota_records
from quotakeeper.domain.forecasting.audio_rates import Rate
from quotakeeper.domain.forecasting.scheduling import Planned
from quotakeeper.domain.money import divide_half_even, usd_text
from quotakeeper.domain.units import METERS, units_text
from quotakeeper.schemas import Schema

_SECONDS = METERS["audio_seconds"]
_MINUTES = METERS["audio_minutes"]


def plan_record(made: Plan) -> dict[str, object]:
    """Return the whole plan as a JSON record."""
    schedule = made.schedule
    planned = {each.name: each for each in schedule.planned}
    states = state_of(made)
    return {
        "schema": Schema.PLAN,
        "as_of": rfc3339(made.now),
        "timezone": zone_text(made.zone),
        "interval_percent": 80,
        "operations": [_rate(rate) for rate in made.rates],
        "files": [
            {**_file(each), "state": states[each.size.name], **_when(planned.get(each.size.name))}
            for each in made.files
        ],
        "unreadable": [
            {
                "name": each.name,
                "why": each.why,
                "seconds_at_most": units_text(each.most_milliseconds, _SECONDS),
            }
            for each in made.unreadable
        ],
        "skipped": [{"name": str(each.path), "why": each.reason} for each in made.skipped],
        "done": list(made.done),
        "totals": _sums(made.files),
        "by_operation": [_of_operation(made, number) for number in range(len(made.rates))],
        "today": {"files": made.today, "of": len(made.files), "files_if_high": made.today_if_high},
        "days": [_day(each) for each in days_of(made)],
        "never": [
            {
                "name": each.name,
                "limit": each.limit.name,
                "asked": units_text(each.asked, each.limit.meter_info),
                "amount": units_text(each.limit.amount, each.limit.meter_info),
                "unit": each.limit.meter_info.unit,
            }
            for each in schedule.impossible
        ],
        "beyond_days": {"days": made.limit_days, "files": list(schedule.beyond)},
        "soft_limits_passed": [
            {"limit": each.limit.name, "name": each.name, "at": rfc3339(each.at)}
            for each in schedule.passed
        ],
        "provider_quotas": quota_records(made.quotas, made.now),
    }


def _rate(rate: Rate) -> dict[str, object]:
    return {
        "operation": rate.operation,
        "provider": rate.provider,
        "model": rate.model,
        "known_from": rate.basis,
        "files": rate.files,
        "provenance": str(rate.provenance),
        "per_minute": {key: _fraction(value) for key, value in rate.per_minute.items()},
        "low_factor": _fraction(rate.low),
        "high_factor": _fraction(rate.high),
    }


def _file(each: FilePlan) -> dict[str, object]:
    return {
        "name": each.size.name,
        "seconds": units_text(each.size.milliseconds, _SECONDS),
        "exact": each.size.exact,
        "form": each.size.form,
        **_sums([each]),
        "operations": [_use(use) for use in each.uses],
    }


def _use(use: Use) -> dict[str, object]:
    return {
        "operation": use.rate.operation,
        "provider": use.rate.provider,
        "model": use.rate.model,
        "calls": use.calls,
        "audio_minutes": _amounts(use.audio),
        "tokens": _amounts_plain(use.tokens),
        "cost_usd": _money(use.cost),
        "known_from": use.rate.basis,
    }


def _when(planned: Planned | None) -> dict[str, object]:
    return {
        "starts_at": None if planned is None else rfc3339(planned.starts_at),
        "ends_at": None if planned is None else rfc3339(planned.ends_at),
        "waited_for": None if planned is None else planned.waited_for or None,
    }


def _sums(files: Iterable[FilePlan]) -> dict[str, object]:
    files = list(files)
    return {
        "audio_minutes": units_text(sum(each.size.milliseconds for each in files), _MINUTES),
        "tokens": _amounts_plain(Spread.total(each.tokens for each in files)),
        "cost_usd": _money(Spread.total(each.cost for each in files)),
        "unpriced_files": sum(each.unpriced for each in files),
    }


def _of_operation(made: Plan, number: int) -> dict[str, object]:
    rate, uses = made.rates[number], [each.uses[number] for each in made.files]
    return {
        "operation": rate.operation,
        "provider": rate.provider,
        "model": rate.model,
        "calls": sum(use.calls for use in uses),
        "audio_minutes": _amounts(Spread.total(use.audio for use in uses)),
        "tokens": _amounts_plain(Spread.total(use.tokens for use in uses)),
        "cost_usd": _money(Spread.total(use.cost for use in uses)),
        "unpriced_files": sum(use.cost.expected is None for use in uses),
        "known_from": rate.basis,
    }


def _day(each: DayPlan) -> dict[str, object]:
    return {
        "date": each.day.isoformat(),
        "files": [one.name for one in each.planned],
        "first_at": rfc3339(each.planned[0].starts_at),
        "last_at": rfc3339(each.planned[-1].ends_at),
        "waited_for": each.waited_for or None,
        **_sums(each.files),
    }


def _amounts(spread: Spread) -> dict[str, str | None]:
    return {name: _text(value) for name, value in _named(spread)}


def _text(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else units_text(milliseconds, _MINUTES)


def _amounts_plain(spread: Spread) -> dict[str, str | None]:
    return {name: None if n is None else str(n) for name, n in _named(spread)}


def _money(spread: Spread) -> dict[str, str | None]:
    return {name: None if n is None else usd_text(n) for name, n in _named(spread)}


def _named(spread: Spread) -> list[tuple[str, int | None]]:
    return [("low", spread.low), ("expected", spread.expected), ("high", spread.high)]


def _fraction(value: Fraction) -> str:
    thousandths = divide_half_even(value.numerator * 1_000, value.denominator)
    return f"{thousandths // 1_000}.{thousandths % 1_000:03}".rstrip("0").rstrip(".")
