"""Converts the prices of one model of genai-prices to price rows with dates, tiers and levels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from quotakeeper.value_classes import dataclass

_MILLION, _THOUSAND, _MINUTES = 1_000_000, 1_000, 60
# Their unit -> our meter, and how many of its units the price is for.
UNITS: Mapping[str, tuple[str, int]] = MappingProxyType({
    "input_mtok": ("input_tokens", _MILLION),
    "cache_read_mtok": ("cached_input_tokens", _MILLION),
    "output_mtok": ("output_tokens", _MILLION),
    "output_reasoning_mtok": ("thought_tokens", _MILLION),
    **{f"input_{each}_mtok": (f"input_tokens@{each}", _MILLION)
       for each in ("audio", "image", "video")},
    **{f"cache_{each}_read_mtok": (f"cached_input_tokens@{each}", _MILLION)
       for each in ("audio", "image", "video")},
    **{f"output_{each}_mtok": (f"output_tokens@{each}", _MILLION)
       for each in ("audio", "image", "video")},
    "web_searches_kcount": ("searches", _THOUSAND),
    "requests_kcount": ("requests", _THOUSAND),
    "input_mchars": ("characters", _MILLION),
    "audio_hours": ("audio_minutes", _MINUTES),
    "input_audio_hours": ("audio_minutes", _MINUTES),
})  # fmt: skip
_TIERS = {
    ("processing", "batch"): "batch",
    ("service_tier", "flex"): "flex",
    ("service_tier", "priority"): "priority",
}
START = date(1970, 1, 1)
_FINEST, _DEAREST, _MOST_ABOVE = -18, 9, 10**12
# Raised for data of a form that this version does not know. Such a model has no rows.
OTHER_FORM = (TypeError, AttributeError, LookupError)
Place = tuple[str, str, int, int]  # tier, meter, per, above
Levels = dict[int, Decimal]  # prompt tokens above which a price holds -> price


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One price of a model: `usd` for `per` units of `meter`, from 00:00 UTC of a day on."""

    tier: str
    meter: str
    per: int
    above: int
    usd: Decimal
    since: date
    until: date | None


class NotExpressibleError(Exception):
    """The catalogue cannot express when the prices of a model hold."""


def model_rows(model: Mapping[str, Any], left_out: Counter[str]) -> list[ModelRow]:
    """Return the rows of a model. Adds what the catalogue cannot express to `left_out`, by unit or option.

    Raises NotExpressibleError if a price depends on the time of day, or has an unknown form.
    """
    entries = _entries(model.get("prices"))
    variants = _variants(model.get("price_variants"), left_out)
    parts = [*entries, *(part for _, part in variants)]
    starts = sorted({START, *(since for since, _ in parts)})
    periods = [_prices_on(entries, variants, each) for each in starts]
    for unit in {unit for _, prices in parts for unit in prices if unit not in UNITS}:
        left_out[unit] += 1
    return list(_joined(starts, periods))


def _entries(prices: object) -> list[tuple[date, dict[str, Levels]]]:
    found = prices if isinstance(prices, list) else [{"prices": prices}]
    return [(_since(each), _prices(each.get("prices"))) for each in found]


def _variants(
    variants: object, left_out: Counter[str]
) -> list[tuple[str, tuple[date, dict[str, Levels]]]]:
    found = []
    for each in variants if isinstance(variants, list) else ():
        when = each.get("when") or {}
        tier = _TIERS.get(next(iter(when.items()))) if len(when) == 1 else None
        if tier is None and each.get("prices"):
            name = ",".join(f"{key}={value}" for key, value in sorted(when.items()))
            left_out[name] += len(each["prices"])
        elif tier is not None:
            found.append((tier, (_since(each), _prices(each.get("prices")))))
    return found


def _since(entry: Mapping[str, Any]) -> date:
    constraint = entry.get("constraint")
    if constraint is None:
        return START
    start = constraint.get("start_date")
    if len(constraint) != 1 or start is None:
        raise NotExpressibleError
    try:
        return max(START, date.fromisoformat(str(start)))
    except ValueError:
        raise NotExpressibleError from None


def _prices(prices: object) -> dict[str, Levels]:
    if not isinstance(prices, Mapping):
        raise NotExpressibleError
    return {unit: _levels(each) for unit, each in prices.items() if each is not None}


def _levels(price: object) -> Levels:
    if not isinstance(price, Mapping):
        return {0: _amount(price)}
    levels = {0: _amount(price.get("base"))}
    for tier in price.get("tiers") or ():
        above = tier.get("start")
        if not isinstance(above, int) or not 0 < above <= _MOST_ABOVE:
            raise NotExpressibleError
        levels[above] = _amount(tier.get("price"))
    return levels


def _amount(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise NotExpressibleError
    usd = Decimal(value)
    exponent = usd.as_tuple().exponent
    if not isinstance(exponent, int) or usd < 0 or exponent < _FINEST or usd.adjusted() > _DEAREST:
        raise NotExpressibleError
    return usd


def _prices_on(
    entries: list[tuple[date, dict[str, Levels]]],
    variants: list[tuple[str, tuple[date, dict[str, Levels]]]], day: date,
) -> dict[Place, Decimal]:  # fmt: skip
    """Return all prices that hold from `day` to the next change."""
    held = [prices for since, prices in entries if since <= day]
    standard = (
        held[-1] if held else entries[0][1]
    )  # as in genai-prices: the last one, else the first
    held_prices = dict(_placed("standard", standard, standard))
    for tier, (since, prices) in reversed(variants):  # of several, the first one holds
        if since <= day:
            held_prices.update(_placed(tier, prices, standard))
    return held_prices


def _placed(
    tier: str, prices: dict[str, Levels], standard: dict[str, Levels]
) -> Iterable[tuple[Place, Decimal]]:
    """Yield the prices of a tier, also at each level of the standard price, which would hold there."""
    for unit, levels in prices.items():
        if unit not in UNITS:
            continue
        meter, per = UNITS[unit]
        for above in sorted({*levels, *standard.get(unit, {})}):
            yield (tier, meter, per, above), levels[max(each for each in levels if each <= above)]


def _joined(starts: list[date], periods: list[dict[Place, Decimal]]) -> Iterable[ModelRow]:
    """Yield one row for each span in which a price stays the same."""
    for place in dict.fromkeys(place for period in periods for place in period):
        spans: list[tuple[date, Decimal | None]] = []
        for start, period in zip(starts, periods, strict=True):
            usd = period.get(place)
            if not spans or spans[-1][1] != usd:
                spans.append((start, usd))
        for (since, usd), (until, following) in pairwise([*spans, (date.max, Decimal(0))]):
            if usd is not None:
                yield ModelRow(*place, usd, since, None if following is not None else until)
