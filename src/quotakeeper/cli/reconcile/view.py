"""Formats the comparison of single calls with a provider's account as a table."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo
from decimal import Decimal

from quotakeeper.app.reconcile import CallTally, Compared, Difference, DifferenceKind
from quotakeeper.app.reconcile.comparing import ReconciledCall
from quotakeeper.app.reconcile.records import ComparisonHeading
from quotakeeper.app.records.instants import zone_text
from quotakeeper.cli import console, context
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import table_lines
from quotakeeper.cli.views.call_count import calls_text
from quotakeeper.cli.views.event_table import amounts
from quotakeeper.domain.money import pico_from_usd
from quotakeeper.domain.units import Quantities

MOST_SHOWN = 200
KIND_WORDS = {
    DifferenceKind.MISSING_HERE: "not in this ledger",
    DifferenceKind.MISSING_THERE: "not in the account",
    DifferenceKind.QUANTITY: "another quantity",
    DifferenceKind.PRICE: "another cost",
    DifferenceKind.NOW_KNOWN: "now known",
    DifferenceKind.AMBIGUOUS: "not certain which call",
}


def print_comparison(
    session: context.CommandContext, heading: ComparisonHeading, found: Iterable[ReconciledCall],
    sums: Compared, zone: tzinfo,
) -> int:  # fmt: skip
    """Print the differences as a table.

    Returns how many differences were not corrected in the ledger.
    """
    words, lang = session.words, session.lang
    rows: list[list[str]] = []
    count = written = 0
    for each in found:
        count += 1
        written += each.written is not None
        if len(rows) < MOST_SHOWN:
            rows.append(_row(each.difference, session, zone))
    console.say(_title(heading, session, zone))
    if rows:
        header = [words("WHAT"), words("TIME"), words("MODEL"), words("OPERATION")]
        header += [words("HERE"), words("THERE"), words("CALL")]
        lines = table_lines(
            header, rows, right=frozenset({4, 5}), width=console.width(),
            ellipsis=session.glyphs.ellipsis,
        )  # fmt: skip
        for line in ["", *lines, ""]:
            console.say(line)
    if count > len(rows):
        console.say(words("and {n} more; --json lists all of them", n=count - len(rows)))
    console.say(words("without a difference: {n}", n=figures.whole(sums.alike, lang)))
    console.say(words("with a difference: {n}", n=figures.whole(count, lang)))
    console.say(words("here: {what}", what=_tally(sums.here, session)))
    console.say(words("in the account: {what}", what=_tally(sums.there, session)))
    for amount, unit in heading.balances:
        console.say(
            words("balance of the provider's account: {what}", what=_left(amount, unit, lang))
        )
    if heading.applies:
        console.say(words("written as new entries: {n}", n=figures.whole(written, lang)))
        if count > written:
            console.say(words("not corrected: {n}", n=figures.whole(count - written, lang)))
    elif count:
        console.say(words("nothing was changed; --apply writes the corrections that are certain"))
    return count - written


def _title(heading: ComparisonHeading, session: context.CommandContext, zone: tzinfo) -> str:
    window = heading.window
    since, until = (
        session.words("the beginning") if at is None else figures.stamp(at, zone)
        for at in (window.since, window.until)
    )
    return session.words(
        "{provider}, {source}: {since} to {until} ({zone})",
        provider=heading.provider, source=heading.source, since=since, until=until,
        zone=zone_text(zone),
    )  # fmt: skip


def _row(difference: Difference, session: context.CommandContext, zone: tzinfo) -> list[str]:
    request, event = difference.request, difference.event
    labels = event.labels if event is not None else None
    at = request.at if request is not None else event.at if event is not None else 0
    mark = session.glyphs.marks[str(event.provenance)] if event is not None else ""
    return [
        session.words(KIND_WORDS[difference.kind]),
        figures.stamp(at, zone)[5:],
        (labels.model if labels else request.model if request else "") or "-",
        labels.operation if labels else request.operation if request else "",
        "-" if event is None else f"{mark} {_used(event.quantities, event.cost_pico, session)}",
        "-" if request is None else _used(request.quantities, request.cost_pico, session),
        event.id if event is not None else request.id if request is not None else "",
    ]


def _used(quantities: Quantities, cost_pico: int | None, session: context.CommandContext) -> str:
    return f"{amounts(quantities, session)} {figures.money(cost_pico, session.lang)}"


def _tally(tally: CallTally, session: context.CommandContext) -> str:
    words, lang = session.words, session.lang
    parts = [calls_text(tally.calls, session)]
    used = amounts(tally.quantities, session)
    parts += [used] if used != "-" else []
    parts.append(figures.money(tally.cost_pico, lang))
    if tally.unpriced:
        parts.append(words("+{n} unpriced", n=figures.whole(tally.unpriced, lang)))
    return ", ".join(parts)


def _left(amount: Decimal, unit: str, lang: str) -> str:
    if unit.lower() != "usd" or amount < 0:
        return f"{amount} {unit}"
    return figures.money(pico_from_usd(amount), lang)
