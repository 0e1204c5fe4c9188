"""Formats price rows as a table, with their sources, notes and factors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo

from quotakeeper.app.price_lookup import PriceList, factor_record
from quotakeeper.app.records.instants import rfc3339
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import table_lines
from quotakeeper.domain.pricing.prices import PriceRow

NO_MODEL_TEXT = "(no model named)"


def heading(prices: PriceList, at: int, zone: tzinfo, session: CommandContext) -> str:
    """Return a heading with the models and the time `at`, in microseconds since 1970 UTC."""
    names = ", ".join(f"{p}/{m or NO_MODEL_TEXT}" for p, m in sorted(prices.models))
    at_text = figures.stamp(at, zone)
    return session.words("Prices of {model} at {at}", model=names, at=at_text)


def price_lines(prices: PriceList, session: CommandContext, width: int) -> Iterator[str]:
    """Yield a table of the price rows, their sources, and the version of the price list."""
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
        for row in prices.rows
    ]
    lines = table_lines(
        [words(text) for text in header], cells, right=frozenset({2, 3}), width=width,
        ellipsis=session.glyphs.ellipsis,
    )  # fmt: skip
    yield from lines
    yield from _source_lines(prices, session)
    yield words("price list {version}", version=prices.version)


def _source_lines(prices: PriceList, session: CommandContext) -> Iterator[str]:
    words = session.words
    for source in sorted({row.source for row in prices.rows}):
        yield words("source: {source}", source=source)
    for note in sorted({row.note for row in prices.rows if row.note}):
        yield words("note: {note}", note=note)
    for each in prices.factors:
        record = factor_record(each)
        yield words(
            "price factor {factor} for {what}, from {date}",
            factor=record["factor"], what=record["for"], date=record["from"],
        )  # fmt: skip


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
