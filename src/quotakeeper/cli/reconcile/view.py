"""Calls compared with a provider's account, one by one, for people and for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal

from quotakeeper.app.reconcile import (
    CallTally,
    Compared,
    Difference,
    DifferenceKind,
    RequestWindow,
)
from quotakeeper.app.records.events import event_record
from quotakeeper.app.records.instants import rfc3339, zone_text
from quotakeeper.cli import console, context
from quotakeeper.cli.events.command import amounts
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import table_lines
from quotakeeper.domain.money import pico_from_usd, usd_text
from quotakeeper.domain.units import Quantities
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.providers.account_records import AccountRequest
from quotakeeper.schemas import Schema

MOST_SHOWN = 200
KIND_WORDS = {
    DifferenceKind.MISSING_HERE: "not in this ledger",
    DifferenceKind.MISSING_THERE: "not in the account",
    DifferenceKind.QUANTITY: "another quantity",
    DifferenceKind.PRICE: "another cost",
    DifferenceKind.NOW_KNOWN: "now known",
    DifferenceKind.AMBIGUOUS: "not certain which",
}


@dataclass(frozen=True, slots=True)
class Heading:
    """What was compared."""

    provider: str
    source: str
    window: RequestWindow
    applies: bool
    balances: Sequence[tuple[Decimal, str]] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """A difference, and the event as it was written, if it was."""

    difference: Difference
    written: UsageEvent | None = None


def written_table(
    session: context.CommandContext, heading: Heading, shown: Iterable[Shown], sums: Compared,
    zone: tzinfo,
) -> int:  # fmt: skip
    """Print the differences as a table; how many of them were not written down."""
    words, lang = session.words, session.lang
    rows: list[list[str]] = []
    count = written = 0
    for each in shown:
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
        console.say(words("and {n} more; --json has them all", n=count - len(rows)))
    console.say(words("without a difference: {n}", n=figures.whole(sums.alike, lang)))
    console.say(words("with a difference: {n}", n=figures.whole(count, lang)))
    console.say(words("here: {what}", what=_tally(sums.here, session)))
    console.say(words("in the account: {what}", what=_tally(sums.there, session)))
    for amount, unit in heading.balances:
        console.say(words("left in the account: {what}", what=_left(amount, unit, lang)))
    if heading.applies:
        console.say(words("written as new entries: {n}", n=figures.whole(written, lang)))
        if count > written:
            console.say(words("left as they are: {n}", n=figures.whole(count - written, lang)))
    elif count:
        console.say(words("nothing was changed; --apply writes what is certain"))
    return count - written


def written_json(
    session: context.CommandContext, heading: Heading, shown: Iterable[Shown], sums: Compared,
    zone: tzinfo,
) -> int:  # fmt: skip
    """Print the differences as JSON, one a line, as they are found."""
    window = heading.window
    head = {
        "schema": Schema.RECONCILE,
        "provider": heading.provider,
        "source": heading.source,
        "since": None if window.since is None else rfc3339(window.since),
        "until": None if window.until is None else rfc3339(window.until),
        "applied": heading.applies,
    }
    counts = dict.fromkeys(map(str, DifferenceKind), 0)
    count = written = 0
    write = sys.stdout.write
    write("{\n" + "".join(f"  {json.dumps(k)}: {json.dumps(v)},\n" for k, v in head.items()))
    write('  "differences": [')
    for each in shown:
        write(",\n    " if count else "\n    ")
        write(json.dumps(_record(each)))
        count += 1
        written += each.written is not None
        counts[str(each.difference.kind)] += 1
    tail = {
        "counts": {"alike": sums.alike, **counts, "written": written},
        "totals": {"here": _tally_record(sums.here), "there": _tally_record(sums.there)},
        "balances": [{"amount": str(a), "units": unit} for a, unit in heading.balances],
    }
    write("\n  ],\n" if count else "],\n")
    write(",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in tail.items()) + "\n}\n")
    return count - written


def _title(heading: Heading, session: context.CommandContext, zone: tzinfo) -> str:
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
    parts = [words("{n} calls", n=figures.whole(tally.calls, lang))]
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


def _tally_record(tally: CallTally) -> dict[str, object]:
    return {
        "calls": tally.calls,
        "quantities": dict(sorted(tally.quantities.items())),
        "cost_usd": usd_text(tally.cost_pico),
        "unpriced_calls": tally.unpriced,
    }


def _record(shown: Shown) -> dict[str, object]:
    request, event = shown.difference.request, shown.difference.event
    at = request.at if request is not None else event.at if event is not None else 0
    model = event.labels.model if event is not None else request.model if request else ""
    operation = (
        event.labels.operation if event is not None else request.operation if request else ""
    )
    return {
        "kind": str(shown.difference.kind),
        "applied": shown.written is not None,
        "request_id": None if request is None else request.id,
        "event_id": None if event is None else event.id,
        "at": rfc3339(at),
        "model": model,
        "operation": operation,
        "here": None if event is None else _event_figures(event),
        "there": None if request is None else _request_figures(request),
        "written": None if shown.written is None else _event_figures(shown.written),
    }


def _event_figures(event: UsageEvent) -> Mapping[str, object]:
    record = event_record(event)
    return {name: record[name] for name in ("quantities", "cost_usd", "provenance", "outcome")}


def _request_figures(request: AccountRequest) -> Mapping[str, object]:
    return {
        "quantities": dict(sorted(request.quantities.items())),
        "cost_usd": None if request.cost_pico is None else usd_text(request.cost_pico),
        "outcome": "error" if request.failed else "ok",
    }
