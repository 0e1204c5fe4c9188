"""`quotakeeper prices`: the price rows behind every cost, with their date, source and confidence."""

from __future__ import annotations

import json
from collections.abc import Iterable
from difflib import get_close_matches

from quotakeeper import clocks
from quotakeeper.app.records.instants import rfc3339
from quotakeeper.catalogue import PriceSnapshot, load_snapshot
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import table_lines
from quotakeeper.cli.text.times import parse_moment
from quotakeeper.domain.pricing.prices import ANY_MODEL, Adjustment, PriceRow
from quotakeeper.errors import InvalidInputError
from quotakeeper.schemas import Schema

NO_MODEL_TEXT = "(no model named)"


def run_list(session: context.CommandContext, *, provider: str, as_json: bool) -> int:
    """Print every price row there is."""
    snapshot = _snapshot(session)
    if provider and provider not in snapshot.providers():
        known = ", ".join(snapshot.providers())
        raise InvalidInputError("--provider", f"no prices of {provider!r}", f"there are: {known}")
    rows = [row for row in snapshot.rows() if provider in ("", row.provider)]
    factors = [each for each in snapshot.adjustments() if provider in ("", each.provider)]
    return _print(session, snapshot, rows, factors, as_json=as_json)


def run_show(
    session: context.CommandContext, model: str, *, provider: str, at: str | None, as_json: bool
) -> int:
    """Print the rows of one model that are in force at a date."""
    snapshot = _snapshot(session)
    zone = clocks.zone_named(session.settings().timezone)
    now = clocks.SystemClock().now()
    moment = now if at is None else parse_moment(at, zone, now, "--at")
    found = _models_named(snapshot, model, provider)
    rows = _in_force(snapshot, found, moment)
    factors = [
        each
        for each in snapshot.adjustments()
        if each.holds_at(moment)
        and any(each.provider == name and each.matches(one) for name, one in found)
    ]
    if not as_json:
        at_text = figures.stamp(moment, zone)
        names = ", ".join(f"{p}/{m or NO_MODEL_TEXT}" for p, m in sorted(found))
        console.say(session.words("Prices of {model} at {at}", model=names, at=at_text))
    return _print(session, snapshot, rows, factors, as_json=as_json)


def _snapshot(session: context.CommandContext) -> PriceSnapshot:
    return load_snapshot(session.settings().price_files)


def _in_force(snapshot: PriceSnapshot, found: set[tuple[str, str]], moment: int) -> list[PriceRow]:
    wanted = found | {(provider, ANY_MODEL) for provider, _ in found}
    newest: dict[tuple[object, ...], PriceRow] = {}
    for row in snapshot.rows():
        if (row.provider, row.model) not in wanted or not row.holds_at(moment):
            continue
        options = tuple(sorted(row.options.items()))
        key = (row.provider, row.model, row.meter, row.kind, row.above, options, row.own)
        if key not in newest or newest[key].from_at < row.from_at:
            newest[key] = row
    return list(newest.values())


def _models_named(snapshot: PriceSnapshot, model: str, provider: str) -> set[tuple[str, str]]:
    providers = [provider] if provider else snapshot.providers()
    found = {
        (name, snapshot.canonical_model(name, model))
        for name in providers
        if name in snapshot.providers() and snapshot.is_known(name, model)
    }
    if found:
        return found
    known = [each for name in snapshot.providers() for each in snapshot.models(name)]
    near = get_close_matches(model, known, n=3, cutoff=0.5)
    fix = f"did you mean {', '.join(near)}?" if near else "quotakeeper prices list shows them all"
    raise InvalidInputError("MODEL", f"no price is known for {model[:80]!r}", fix)


def _print(
    session: context.CommandContext,
    snapshot: PriceSnapshot,
    rows: list[PriceRow],
    factors: Iterable[Adjustment],
    *,
    as_json: bool,
) -> int:
    factors = list(factors)
    if as_json:
        record = {
            "schema": Schema.PRICES,
            "version": snapshot.version,
            "currency": "USD",
            "prices": [_record(row) for row in rows],
            "factors": [_factor_record(each) for each in factors],
        }
        console.say(json.dumps(record, indent=2))
        return exit_codes.OK
    words, lang = session.words, session.lang
    header = ["MODEL", "METER", "USD", "PER", "FROM", "FOR", "CONFIDENCE"]
    cells = [
        [
            f"{row.provider}/{row.model or NO_MODEL_TEXT}",
            row.meter,
            figures.grouped(f"{row.usd:f}", lang),
            figures.whole(row.per, lang),
            _from_text(row),
            _options_text(row) or "-",
            row.confidence,
        ]
        for row in rows
    ]
    lines = table_lines(
        [words(text) for text in header], cells, right=frozenset({2, 3}), width=console.width(),
        ellipsis=session.glyphs.ellipsis,
    )  # fmt: skip
    for line in lines:
        console.say(line)
    _print_sources(session, rows, factors)
    console.say(words("price list {version}", version=snapshot.version))
    return exit_codes.OK


def _print_sources(
    session: context.CommandContext, rows: list[PriceRow], factors: list[Adjustment]
) -> None:
    words = session.words
    for source in sorted({row.source for row in rows}):
        console.say(words("source: {source}", source=source))
    for note in sorted({row.note for row in rows if row.note}):
        console.say(words("note: {note}", note=note))
    for each in factors:
        record = _factor_record(each)
        text = words(
            "factor {factor} on {what} from {date}",
            factor=record["factor"], what=record["for"], date=record["from"],
        )  # fmt: skip
        console.say(text)


def _from_text(row: PriceRow) -> str:
    start = "-" if row.from_at <= 0 else row.effective_from.isoformat()
    if row.until_at is None:
        return start
    return f"{start} .. {rfc3339(row.until_at)[:10]}"


def _options_text(row: PriceRow) -> str:
    parts = [f"{name}={value}" for name, value in row.options.items()]
    if row.kind != "list":
        parts.append(row.kind)
    if row.above:
        parts.append(f">{row.above} prompt tokens")
    return " ".join(parts)


def _record(row: PriceRow) -> dict[str, object]:
    return {
        "id": row.id,
        "provider": row.provider,
        "model": row.model,
        "meter": row.meter,
        "usd": f"{row.usd:f}",
        "per": row.per,
        "effective_from": row.effective_from.isoformat(),
        "until": None if row.until_at is None else rfc3339(row.until_at),
        "kind": row.kind,
        "options": row.options,
        "above_prompt_tokens": row.above,
        "confidence": row.confidence,
        "source": row.source,
        "note": row.note,
    }


def _factor_record(each: Adjustment) -> dict[str, object]:
    what = [each.provider, each.model, each.tier, *each.meters]
    return {
        "provider": each.provider,
        "model": each.model,
        "tier": each.tier,
        "meters": list(each.meters),
        "factor": f"{each.factor}",
        "for": " ".join(part for part in what if part),
        "from": rfc3339(each.from_at)[:10] if each.from_at > 0 else "-",
        "confidence": each.confidence,
        "source": each.source,
    }
