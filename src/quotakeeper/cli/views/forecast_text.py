"""Formats a forecast in words: rate, projected total, time of exhaustion, and data used."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING

from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures

if TYPE_CHECKING:
    from quotakeeper.domain.forecasting.forecast import Forecast
    from quotakeeper.domain.forecasting.status import LimitStatus
    from quotakeeper.domain.units import Meter


def forecast_pieces(
    entry: LimitStatus, now: int, zone: tzinfo, session: CommandContext
) -> list[str]:
    """Return the texts about the forecast of one limit; an empty list if there is no forecast."""
    found, meter, words = entry.forecast, entry.limit.meter_info, session.words
    if found is None:
        return []
    pace = figures.about(found.per_hour, meter, session.lang)
    unit = figures.unit_word(meter, session.lang)
    speed = words("{amount} an hour", amount=f"{pace} {unit}".rstrip())
    if found.burn_rate is not None:
        times = figures.grouped(f"{found.burn_rate:f}", session.lang)
        speed += words(" (pace {times})", times=times)
    by = method_text(found.method, session)
    if found.method != "first_minutes":
        by = words("forecast from {by}", by=by)
    return [speed, _end(found, meter, session), by, exhausted_text(entry, now, zone, session)]


def method_text(method: str, session: CommandContext) -> str:
    """Return the time span over which a forecast measured its rate, such as "the last hour"."""
    words = session.words
    names = {
        "first_minutes": words("only a few minutes of data so far"),
        "since_first_call": words("the period so far"),
        "change_of_pace": words("the last half hour, because the rate changed"),
        "last_30_minutes": words("the last half hour"),
        "last_60_minutes": words("the last hour"),
        "last_180_minutes": words("the last 3 hours"),
        "last_360_minutes": words("the last 6 hours"),
        "last_1440_minutes": words("the last day"),
    }
    return names.get(method, method)


def _end(found: Forecast, meter: Meter, session: CommandContext) -> str:
    low, middle, high = (
        figures.about(amount, meter, session.lang)
        for amount in (found.projected_low, found.projected, found.projected_high)
    )
    return session.words(
        "about {middle} at the end ({low} to {high})", middle=middle, low=low, high=high
    )


def exhausted_text(
    entry: LimitStatus, now: int, zone: tzinfo, session: CommandContext
) -> str:  # fmt: skip
    """Return when a limit will be exhausted; "" if there is no forecast.

    `now` may be later than the time of the forecast.
    """
    return exhausted_forms(entry, now, zone, session)[0]


def exhausted_forms(
    entry: LimitStatus, now: int, zone: tzinfo, session: CommandContext
) -> tuple[str, ...]:
    """Return the text of `exhausted_text`, and shorter forms of it for narrow screens."""
    words, found = session.words, entry.forecast

    def clock(instant: int) -> str:
        return figures.clock_text(instant, now, zone)

    if found is None:
        return ("",)
    first, at, last = found.exhausts_from, found.exhausts_at, found.exhausts_until
    if entry.used + entry.reserved >= entry.limit.amount:
        return (words("exhausted"),)
    if at is None and first is None:
        return (words("not exhausted at this rate"),)
    if at is None or first is None:
        return (words("perhaps exhausted, from {at}", at=clock(max(first or now, now))),)
    if at <= now:
        return (words("exhausted about now"),)
    left = figures.duration(at - now, session.lang)
    text = words("exhausted {at}, in {left}", at=clock(at), left=left)
    early = clock(max(first, now))
    if last is None:
        whole = text + words(" ({low} or later)", low=early)
    else:
        whole = text + words(" ({low} to {high})", low=early, high=clock(last))
    return whole, text, words("exhausted {at}", at=clock(at))
