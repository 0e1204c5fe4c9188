"""The brief's four daily limits, and what the ledger says was used of them today."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from quotakeeper.domain.forecasting.status import LimitStatus
from quotakeeper.domain.limits import Limit, Mode
from quotakeeper.domain.money import usd_from_pico
from quotakeeper.domain.units import METERS, amount_from_units, units_text
from quotakeeper.domain.windows import Window

WARN_PERCENT = 80.0
# name in quota_limits -> provider, meter, the brief's amount
BRIEF_LIMITS = {
    "gemini_daily_tokens": ("gemini", "tokens", "15000000"),
    "gemini_daily_cost": ("gemini", "cost", "10.00"),
    "deepgram_daily_minutes": ("deepgram", "audio_minutes", "1000"),
    "deepgram_daily_cost": ("deepgram", "cost", "4.30"),
}


def daily_limits(timezone: str) -> list[Limit]:
    """The brief's four limits in a time zone, as accounts to be kept; they refuse nothing."""
    return [
        Limit(name, meter, Window("day"), amount_from_units(amount, METERS[meter]),
              provider=provider, mode=Mode.SHADOW, timezone=timezone)
        for name, (provider, meter, amount) in BRIEF_LIMITS.items()
    ]  # fmt: skip


def limits_in_force(own: Iterable[Limit]) -> dict[str, int | float]:
    """The amounts to measure against: the user's own daily limits, else the brief's."""
    chosen: dict[str, int | float] = {}
    for name, (provider, meter, amount) in BRIEF_LIMITS.items():
        text = amount
        for limit in own:
            plain = not (limit.model or limit.operation or limit.scope)
            same = (limit.provider, limit.meter, limit.window.kind) == (provider, meter, "day")
            if plain and same:
                text = units_text(limit.amount, METERS[meter])
        chosen[name] = int(text) if meter == "tokens" else float(text)
    return chosen


def daily_usage(standing: Sequence[LimitStatus], now: datetime) -> dict[str, Any]:
    """What was used today, across runs and processes, as plain numbers."""
    used = {status.limit.name: status.used for status in standing}
    return {
        "gemini_tokens": used["gemini_daily_tokens"],
        "gemini_cost": float(usd_from_pico(used["gemini_daily_cost"])),
        "deepgram_minutes": used["deepgram_daily_minutes"] / 60_000,
        "deepgram_cost": float(usd_from_pico(used["deepgram_daily_cost"])),
        "date": now.date(),
    }


def quota_status(used: Mapping[str, Any], limits: Mapping[str, Any]) -> dict[str, Any]:
    """The brief's status: used, limit, percent, and OK or WARNING (from 80 %)."""
    return {
        "gemini": _part(used, limits, "gemini", "tokens"),
        "deepgram": _part(used, limits, "deepgram", "minutes"),
        "overall": {
            "total_daily_cost": used["gemini_cost"] + used["deepgram_cost"],
            "date": used["date"].isoformat(),
        },
    }


def _part(
    used: Mapping[str, Any], limits: Mapping[str, Any], api: str, unit: str
) -> dict[str, Any]:
    part: dict[str, Any] = {}
    for meter in (unit, "cost"):
        limit = limits[f"{api}_daily_{meter}"]
        part[f"{meter}_used"] = used[f"{api}_{meter}"]
        part[f"{meter}_limit"] = limit
        part[f"{meter}_percent"] = percent(used[f"{api}_{meter}"], limit)
    full = max(part[f"{unit}_percent"], part["cost_percent"])
    part["status"] = "OK" if full < WARN_PERCENT else "WARNING"
    return part


def percent(used: float, limit: float) -> float:
    """Used as a percentage of a limit; of a limit of nothing, everything is 100 %."""
    return used / limit * 100 if limit > 0 else 100.0
