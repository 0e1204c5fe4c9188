"""`quotakeeper report`: what was used and spent, added up by what one asks for."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import TYPE_CHECKING

from quotakeeper.app.records.csv_text import Number, csv_line
from quotakeeper.app.records.instants import rfc3339, zone_text
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import table_lines
from quotakeeper.cli.text.times import parse_range
from quotakeeper.domain.money import usd_text
from quotakeeper.domain.units import METERS, STORED_METERS, Quantities, split_key
from quotakeeper.schemas import Schema

if TYPE_CHECKING:
    from quotakeeper.domain.forecasting.status import UsageRow

# What a table shows, with its heading; everything is in the JSON and the CSV.
_SHOWN = {
    "input_tokens": "INPUT",
    "cached_input_tokens": "CACHED",
    "output_tokens": "OUTPUT",
    "thought_tokens": "THOUGHT",
    "audio_minutes": "AUDIO MINUTES",
    "session_minutes": "SESSION MINUTES",
    "characters": "CHARACTERS",
    "searches": "SEARCHES",
    "images": "IMAGES",
}


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What to add up, over which time, and in which form to print it."""

    by: tuple[str, ...]
    since: str | None = None
    until: str | None = None
    last: str | None = None
    form: str = "table"


@dataclass(frozen=True, slots=True)
class _Found:
    rows: list[UsageRow]
    since: int | None
    until: int | None
    now: int
    zone: tzinfo


def run_report(session: context.CommandContext, options: ReportOptions) -> int:
    """Print the sums."""
    with context.open_keeper(session) as keeper:
        now, zone = keeper.now(), keeper.zone
        since, until = parse_range(options.since, options.until, options.last, zone, now)
        rows = keeper.usage(since=since, until=until, by=options.by)
    found = _Found(list(rows), since, until, now, zone)
    if options.form == "json":
        console.say(json.dumps(_record(found, options.by), indent=2))
    elif options.form == "csv":
        sys.stdout.write("".join(_csv_lines(found.rows, options.by)))
    else:
        for line in _table(found, options.by, session):
            console.say(line)
    return exit_codes.OK


def by_meter(quantities: Quantities) -> dict[str, int]:
    """Quantities added up over modalities."""
    totals: dict[str, int] = {}
    for key, amount in quantities.items():
        meter = split_key(key)[0]
        totals[meter] = totals.get(meter, 0) + amount
    return totals


def _quantities(rows: Sequence[UsageRow]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for row in rows:
        for meter, amount in by_meter(row.quantities).items():
            totals[meter] = totals.get(meter, 0) + amount
    return dict(sorted(totals.items()))


def _sum_rows(rows: Sequence[UsageRow]) -> dict[str, object]:
    return {
        "calls": sum(row.calls for row in rows),
        "quantities": _quantities(rows),
        "cost_usd": usd_text(sum(row.cost_pico for row in rows)),
        "unpriced_calls": sum(row.unpriced_calls for row in rows),
        "provenance": _provenances(rows),
    }


def _provenances(rows: Sequence[UsageRow]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for row in rows:
        for name, count in row.provenances.items():
            totals[str(name)] = totals.get(str(name), 0) + count
    return dict(sorted(totals.items()))


def _record(found: _Found, by: tuple[str, ...]) -> dict[str, object]:
    return {
        "schema": Schema.REPORT,
        "generated_at": rfc3339(found.now),
        "timezone": zone_text(found.zone),
        "since": None if found.since is None else rfc3339(found.since),
        "until": None if found.until is None else rfc3339(found.until),
        "by": list(by),
        "rows": [{**dict(zip(by, row.key, strict=True)), **_sum_rows([row])} for row in found.rows],
        "totals": _sum_rows(found.rows),
    }


def _csv_lines(rows: Sequence[UsageRow], by: tuple[str, ...]) -> list[str]:
    meters = [name for name in METERS if name in STORED_METERS]
    lines = [csv_line([*by, "calls", *meters, "cost_usd", "unpriced_calls"])]
    for row in rows:
        totals = by_meter(row.quantities)
        cells: list[str | Number | None] = [*row.key, Number(row.calls)]
        cells += [Number(totals[name]) if name in totals else None for name in meters]
        cells += [Number(usd_text(row.cost_pico)), Number(row.unpriced_calls)]
        lines.append(csv_line(cells))
    return lines


def _table(found: _Found, by: tuple[str, ...], session: context.CommandContext) -> list[str]:
    words, lang = session.words, session.lang
    lines = [_heading(found, session)]
    if not found.rows:
        return [*lines, words("No calls in this time.")]
    total = _quantities(found.rows)
    shown = [METERS[name] for name in _SHOWN if METERS[name].parts[0] in total]
    header = [*(words(name.upper()) for name in by), words("CALLS")]
    header += [words(_SHOWN[meter.name]) for meter in shown]
    header += [words("COST"), ""]
    rows = []
    for row in [*found.rows, None]:
        of = found.rows if row is None else [row]
        key = (words("total"), *("" for _ in by[1:])) if row is None else row.key
        quantities = _quantities(of)
        cells = [*key, figures.whole(sum(each.calls for each in of), lang)]
        cells += [
            figures.quantity(quantities.get(m.parts[0], 0), m, lang)
            if m.parts[0] in quantities
            else ""
            for m in shown
        ]
        cells += [_cost_text(of, lang), _marks(of, session)]
        rows.append(cells)
    right = frozenset(range(len(by), len(header) - 1))
    table = table_lines(
        header, rows, right=right, width=console.width(), ellipsis=session.glyphs.ellipsis
    )
    return [*lines, *table, *_legend(found.rows, session)]


def _heading(found: _Found, session: context.CommandContext) -> str:
    words, zone = session.words, found.zone
    since = words("the beginning") if found.since is None else figures.stamp(found.since, zone)
    until = figures.stamp(found.now if found.until is None else found.until, zone)
    return words(
        "Usage from {since} to {until} ({zone})",
        since=since, until=until, zone=zone_text(zone),
    )  # fmt: skip


def _cost_text(rows: Sequence[UsageRow], lang: str) -> str:
    # Where no call had a price, a sum of zero would be a lie.
    if all(row.calls == row.unpriced_calls for row in rows):
        return figures.money(None, lang)
    return figures.money(sum(row.cost_pico for row in rows), lang)


def _marks(rows: Sequence[UsageRow], session: context.CommandContext) -> str:
    marks = "".join(
        mark for name, mark in session.glyphs.marks.items() if _provenances(rows).get(name)
    )
    unpriced = sum(row.unpriced_calls for row in rows)
    return f"{marks} {session.words('+{n} unpriced', n=unpriced)}" if unpriced else marks


def _legend(rows: Sequence[UsageRow], session: context.CommandContext) -> list[str]:
    words = session.words
    used = _provenances(rows)
    known = [f"{m} {words(name)}" for name, m in session.glyphs.marks.items() if used.get(name)]
    return ["", "  ".join(known)] if known else []
