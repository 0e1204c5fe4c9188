"""Formats the comparison of a bill with the ledger as a table, by day and model."""

from __future__ import annotations

from collections.abc import Sequence

from quotakeeper.app.reconcile import BillDifference, BillTotals
from quotakeeper.app.reconcile.records import BillHeading
from quotakeeper.cli import console, context
from quotakeeper.cli.reconcile.view import KIND_WORDS, MOST_SHOWN
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import table_lines
from quotakeeper.cli.text.words import Words
from quotakeeper.cli.views.call_count import calls_text
from quotakeeper.domain.units import METERS

_MOST_SKUS = 20


def print_bill(
    session: context.CommandContext, heading: BillHeading, found: Sequence[BillDifference],
    totals: BillTotals,
) -> None:  # fmt: skip
    """Print the differences between the bill and the ledger as a table."""
    words, lang = session.words, session.lang
    console.say(words(
        "{provider}, {source}: by day ({zone}) and model",
        provider=heading.provider, source=heading.source, zone=heading.timezone,
    ))  # fmt: skip
    if found:
        header = [words("WHAT"), words("DAY"), words("MODEL"), words("METER")]
        header += [words("HERE"), words("THERE"), words("UNCERTAIN")]
        rows = [
            [
                words(KIND_WORDS[each.kind]), each.day.isoformat(), each.model or "-", each.meter,
                figures.quantity(each.here, METERS[each.meter], lang),
                figures.quantity(each.there, METERS[each.meter], lang),
                figures.whole(each.assumed + each.unpriced, lang),
            ]
            for each in found[:MOST_SHOWN]
        ]  # fmt: skip
        right = frozenset({4, 5, 6})
        lines = table_lines(
            header, rows, right=right, width=console.width(), ellipsis=session.glyphs.ellipsis
        )
        for line in ["", *lines, ""]:
            console.say(line)
        if len(found) > len(rows):
            console.say(words("and {n} more; --json lists all of them", n=len(found) - len(rows)))
    for sku, cost in sorted(totals.skus.items(), key=lambda one: -one[1])[:_MOST_SKUS]:
        console.say(words("not tokens: {sku}, {cost}", sku=sku, cost=figures.money(cost, lang)))
    console.say(words("without a difference: {n}", n=figures.whole(totals.alike, lang)))
    here, there = (figures.money(each, lang) for each in (totals.here_pico, totals.there_pico))
    calls = calls_text(totals.calls, session)
    console.say(words("here: {what}", what=f"{calls}, {here}"))
    console.say(words("in the account: {what}", what=there))
    if heading.applies:
        console.say(nothing_written(words))


def nothing_written(words: Words) -> str:
    """Return the message that explains why a bill cannot correct the ledger."""
    return words(
        "--apply wrote nothing: the bill has sums by day and SKU, so it does not show the cost "
        "of a single call"
    )
