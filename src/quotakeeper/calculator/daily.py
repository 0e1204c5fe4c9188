"""The four daily limits of TokenCalculator, and the use of each limit today according to the
ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from quotakeeper.config import Settings
from quotakeeper.config.limit_tables import default_limits
from quotakeeper.config.settings import DEFAULT_WARN_AT
from quotakeeper.domain.forecasting.status import LimitStatus
from quotakeeper.domain.limits import Limit, Mode
from quotakeeper.domain.money import usd_from_pico
from quotakeeper.domain.units import METERS, amount_from_units, units_text
from quotakeeper.domain.windows import Window

WARN_PERCENT = 80.0
# Name in quota_limits -> provider, meter, and the amount in the brief.
BRIEF_LIMITS = {
    "gemini_daily_tokens": ("gemini", "tokens", "15000000"),
    "gemini_daily_cost": ("gemini", "cost", "10.00"),
    "deepgram_daily_minutes": ("deepgram", "audio_minutes", "1000"),
    "deepgram_daily_cost": ("deepgram", "cost", "4.30"),
}


def daily_limits(timezone: str) -> list[Limit]:
    """Return the four daily limits in BRIEF_LIMITS. These limits only count, and refuse no call."""
    return [
        Limit(name, meter, Window("day"), amount_from_units(amount, METERS[meter]),
              provider=provider, mode=Mode.SHADOW, timezone=timezone)
        for name, (provider, meter, amount) in BRIEF_LIMITS.items()
    ]  # fmt: skip


def settings_in_memory() -> Settings:
    """Return settings with the default limits and a ledger in memory.

    The calculator uses these settings if the configured ledger or the config cannot be read.
    """
    return Settings("memory:", "UTC", default_limits("UTC", DEFAULT_WARN_AT))


def limits_in_force(own: Iterable[Limit]) -> dict[str, int | float | None]:
    """Return the amount of each daily limit, by its name in BRIEF_LIMITS, such as
    "gemini_daily_tokens".

    The amounts are those of the matching limits in `own`. Without a matching limit, the amount is
    None.
    """
    chosen: dict[str, int | float | None] = {}
    for name, (provider, meter, _) in BRIEF_LIMITS.items():
        text = None
        for limit in own:
            plain = not (limit.model or limit.operation or limit.scope)
            same = (limit.provider, limit.meter, limit.window.kind) == (provider, meter, "day")
            if plain and same:
                text = units_text(limit.amount, METERS[meter])
        if text is None:
            chosen[name] = None
        else:
            chosen[name] = int(text) if meter == "tokens" else float(text)
    return chosen


def daily_usage(standing: Sequence[LimitStatus], now: datetime) -> dict[str, Any]:
    """Return today's use over all runs and processes, as plain numbers.

    `standing` is the state of the four daily limits. A cost is None if calls were made but none has
    a price. `unpriced` counts the calls without a price.
    """
    found = {status.limit.name: status for status in standing}
    return {
        "gemini_tokens": found["gemini_daily_tokens"].used,
        "gemini_cost": _cost(found["gemini_daily_cost"]),
        "deepgram_minutes": found["deepgram_daily_minutes"].used / 60_000,
        "deepgram_cost": _cost(found["deepgram_daily_cost"]),
        "date": now.date(),
        "unpriced": {
            api: found[f"{api}_daily_cost"].unpriced_calls for api in ("gemini", "deepgram")
        },
    }


def quota_status(used: Mapping[str, Any], limits: Mapping[str, Any]) -> dict[str, Any]:
    """Return use, limit, percentage and status of each API. The status is "WARNING" from 80 %, else
    "OK".

    If a limit is not in force, its amount and percentage are None. If calls have no price, the
    status is "UNKNOWN" instead of "OK".
    """
    return {
        "gemini": _part(used, limits, "gemini", "tokens"),
        "deepgram": _part(used, limits, "deepgram", "minutes"),
        "overall": {
            "total_daily_cost": known_sum((used["gemini_cost"], used["deepgram_cost"])),
            "date": used["date"].isoformat(),
        },
    }


def known_sum(costs: Iterable[float | None]) -> float | None:
    """Return the sum of the known costs; None if a cost is unknown and the known costs add up to 0."""
    given = list(costs)
    total = sum(cost for cost in given if cost is not None)
    return None if None in given and not total else total


def _cost(status: LimitStatus) -> float | None:
    return float(usd_from_pico(status.used)) if status.is_told else None


def _part(
    used: Mapping[str, Any], limits: Mapping[str, Any], api: str, unit: str
) -> dict[str, Any]:
    part: dict[str, Any] = {}
    for meter in (unit, "cost"):
        amount, limit = used[f"{api}_{meter}"], limits[f"{api}_daily_{meter}"]
        part[f"{meter}_used"] = amount
        part[f"{meter}_limit"] = limit
        known = amount is not None and limit is not None
        part[f"{meter}_percent"] = percent(amount, limit) if known else None
    full = max(part[f"{unit}_percent"] or 0.0, part["cost_percent"] or 0.0)
    unpriced = used["unpriced"][api]
    if unpriced:
        part["unpriced_calls"] = unpriced
    part["status"] = "WARNING" if full >= WARN_PERCENT else "UNKNOWN" if unpriced else "OK"
    return part


def percent(used: float, limit: float) -> float:
    """Return the used percentage of a limit. For a limit of 0, this is always 100."""
    return used / limit * 100 if limit > 0 else 100.0
