"""Makes gauges from the state of the limits and of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from quotakeeper.domain.forecasting.status import LimitStatus, Status
from quotakeeper.domain.money import PICO_PER_USD
from quotakeeper.telemetry.exposition import GAUGE, Family, Labels, label_value
from quotakeeper.value_classes import dataclass

MOST_LIMITS = 100
_RATIO = 10**6
_MICROS = 10**6
_SECONDS_PER_HOUR = 3_600


@dataclass(frozen=True, slots=True)
class _Unit:
    """The unit of a meter in names of metrics. A base unit of the meter counts `factor`."""

    name: str
    per_unit: int = 1
    factor: int = 1


_UNITS = {
    "cost": _Unit("usd", PICO_PER_USD),
    "milliseconds": _Unit("seconds", 1_000),
    "token-hours": _Unit("token_seconds", factor=_SECONDS_PER_HOUR),
}


def limit_families(limits: Iterable[LimitStatus]) -> Iterator[Family]:
    """Yield the state of each limit, at most MOST_LIMITS: those with the most use in percent."""
    listed = sorted(limits, key=lambda each: (-each.percent, each.limit.name))
    shown: dict[Labels, LimitStatus] = {}
    for entry in listed:
        if len(shown) < MOST_LIMITS:
            shown.setdefault(_labels(entry), entry)
    hidden = len(listed) - len(shown) + sum(each.others for each in listed)
    ratios = {labels: _ratio(entry) for labels, entry in shown.items()}
    about = "Settled use of a limit, as a part of its amount; 1 is all of it."
    yield Family("quotakeeper_limit_used_ratio", GAUGE, about, ratios, _RATIO)
    about = "Settled and reserved use of a limit, as a part of its amount."
    held = {labels: _ratio(entry, entry.reserved) for labels, entry in shown.items()}
    yield Family("quotakeeper_limit_taken_ratio", GAUGE, about, held, _RATIO)
    yield from _amounts(shown)
    resets = {
        labels: entry.resets_at
        for labels, entry in shown.items() if not entry.limit.window.is_endless
    }  # fmt: skip
    about = "When the limit's period ends, in seconds since 1970 UTC."
    yield Family("quotakeeper_limit_reset_timestamp_seconds", GAUGE, about, resets, _MICROS)
    about = "Calls without a known price in the limit's period. Their cost is not in its use."
    unpriced = {labels: each.unpriced_calls for labels, each in shown.items()
                if each.limit.meter == "cost"}  # fmt: skip
    yield Family("quotakeeper_limit_unpriced_calls", GAUGE, about, unpriced)
    about = "Limits of label values that are left out here."
    yield Family("quotakeeper_limits_left_out", GAUGE, about, {(): hidden})


def _amounts(shown: Mapping[Labels, LimitStatus]) -> Iterator[Family]:
    units = {each.name: each for each in map(_unit, shown.values())}
    for name, unit in sorted(units.items()):
        mine = {labels: entry for labels, entry in shown.items() if _unit(entry).name == name}
        for word, about, amounts in (
            ("amount", "The amount of a limit.", {k: e.limit.amount for k, e in mine.items()}),
            ("used", "Settled use of a limit.", {k: e.used for k, e in mine.items()}),
            ("reserved", "What calls under way have reserved of a limit.",
             {k: e.reserved for k, e in mine.items()}),
        ):  # fmt: skip
            scaled = {labels: amount * unit.factor for labels, amount in amounts.items()}
            yield Family(f"quotakeeper_limit_{word}_{name}", GAUGE, about, scaled, unit.per_unit)


def status_families(status: Status) -> Iterator[Family]:
    """Yield the state of the ledger: pauses, the clock, open reservations, and the time of reading."""
    paused: dict[Labels, int] = {(("provider", "all"),): 0}
    paused |= {(("provider", label_value(each.provider or "all")),): 1 for each in status.pauses}
    yield Family("quotakeeper_paused", GAUGE, "Whether calls are paused.", paused)
    about = "Whether the machine's clock is not trusted, so that hard limits refuse calls."
    yield Family("quotakeeper_clock_doubted", GAUGE, about, {(): int(status.doubt is not None)})
    about = "Reservations of calls that have not ended."
    yield Family("quotakeeper_open_reservations", GAUGE, about, {(): status.open_reservations})
    about = "The trusted time at which the ledger was read, in seconds since 1970 UTC."
    yield Family("quotakeeper_read_timestamp_seconds", GAUGE, about, {(): status.as_of}, _MICROS)


def last_call_family(at: int | None) -> Family:
    """Return when the newest call counts; without a sample if there is none."""
    about = "When the newest call counts, in seconds since 1970 UTC."
    samples: dict[Labels, int] = {} if at is None else {(): at}
    return Family("quotakeeper_last_call_timestamp_seconds", GAUGE, about, samples, _MICROS)


def known_family(known: Mapping[str, int]) -> Family:
    """Return how many calls are known in which way."""
    about = "Calls in the ledger now, by how their figures are known."
    samples: dict[Labels, int] = {(("provenance", name),): calls for name, calls in known.items()}
    return Family("quotakeeper_calls_by_provenance", GAUGE, about, samples)


def health_families(version: str, *, is_readable: bool, is_kept: bool) -> Iterator[Family]:
    """Yield whether the ledger can be read, and whether the counters survive a restart."""
    about = "The version of quotakeeper. The value is always 1."
    yield Family("quotakeeper_build_info", GAUGE, about, {(("version", version),): 1})
    about = "Whether the ledger could be read. Without it, only few metrics are here."
    yield Family("quotakeeper_ledger_readable", GAUGE, about, {(): int(is_readable)})
    if is_readable:
        about = "Whether the counters are in a file, so that they go on after a restart."
        yield Family("quotakeeper_counters_kept", GAUGE, about, {(): int(is_kept)})


def _unit(entry: LimitStatus) -> _Unit:
    meter = entry.limit.account_meter
    return _UNITS.get(meter.name) or _UNITS.get(meter.unit) or _Unit(meter.unit)


def _labels(entry: LimitStatus) -> Labels:
    limit = entry.limit
    return (
        ("limit", label_value(limit.name)), ("meter", limit.account_meter.name),
        ("window", label_value(str(limit.window))), ("mode", str(limit.mode)),
    )  # fmt: skip


def _ratio(entry: LimitStatus, more: int = 0) -> int:
    """Return the use in millionths of the amount, rounded down: 1 only if all is used."""
    amount = entry.limit.amount
    if amount <= 0:
        return _RATIO
    return (entry.used + more) * _RATIO // amount
