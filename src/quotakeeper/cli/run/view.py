"""The summary of a run: at most six lines for people, one record for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

from quotakeeper.app.records.csv_text import visible
from quotakeeper.app.records.instants import rfc3339
from quotakeeper.app.records.status import limit_record
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.report.command import by_meter
from quotakeeper.cli.status.view import STATE_WORDS, resets_text
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import cut
from quotakeeper.domain.forecasting.status import UsageRow, add_up
from quotakeeper.domain.forecasting.time_buckets import of_one
from quotakeeper.domain.money import usd_text
from quotakeeper.domain.units import METERS, TOKEN_METERS, Quantities
from quotakeeper.domain.windows import SECOND
from quotakeeper.schemas import Schema

if TYPE_CHECKING:
    from quotakeeper.domain.forecasting.status import LimitStatus, Status
    from quotakeeper.domain.usage import UsageEvent
    from quotakeeper.launch.launcher import Ended, Notes

MOST_LINES = 6
_ROWS = 3
_WIDTH = 110
_SHOWN = ("audio_minutes", "session_minutes", "characters", "searches", "images")


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run: its labels, when it began (microseconds), how long it took, how it ended."""

    labels: Mapping[str, str]
    started_at: int
    took_us: int
    ended: Ended
    notes: Notes


@dataclass(frozen=True, slots=True)
class Used:
    """What the ledger has of a run, and where the limits stand after it."""

    events: tuple[UsageEvent, ...] = ()
    status: Status | None = None
    zone: tzinfo = UTC

    def rows(self, *by: str) -> list[UsageRow]:
        """Added up, the dearest first."""
        return sorted(
            add_up(map(of_one, self.events), by, self.zone), key=lambda row: -row.cost_pico
        )

    @property
    def total(self) -> UsageRow:
        """Everything together."""
        return next(iter(self.rows()), UsageRow(()))

    @property
    def limits(self) -> list[LimitStatus]:
        """The limits that the run's calls counted against, the fullest first."""
        if self.status is None:
            return []
        matched = {
            entry.limit.name: entry
            for entry in self.status.limits
            if any(entry.limit.matches(event.labels) for event in self.events)
        }
        return sorted(matched.values(), key=lambda entry: -entry.percent)


def summary_lines(record: RunRecord, used: Used, session: CommandContext) -> list[str]:
    """What a run used, in at most six lines."""
    total = used.total
    warnings = _warnings(record.notes, session)
    if not total.calls and not record.notes.refused:
        if warnings:
            return warnings[:MOST_LINES]
        return ["quotakeeper: " + session.words("no call to a known provider was seen")]
    head = [_heading(record, total, session)]
    foot = [*_doubts(record.notes, total, session), *_nearest_limit(used, session), *warnings]
    room = MOST_LINES - len(head) - min(len(foot), MOST_LINES - len(head) - 1)
    lines = [*head, *_rows(used, min(_ROWS, room), session), *foot][:MOST_LINES]
    return [cut(line, _WIDTH, "...") for line in lines]


def run_record(record: RunRecord, used: Used) -> dict[str, object]:
    """A run as plain values; money and amounts as decimal text."""
    total = used.total
    return {
        "schema": Schema.RUN,
        "labels": dict(record.labels),
        "started_at": rfc3339(record.started_at),
        "seconds": record.took_us / SECOND,
        "exit_code": record.ended.code,
        "signal": record.ended.signal or None,
        "metered_processes": record.notes.metered,
        "refused_calls": record.notes.refused,
        "rows": [
            dict(zip(("provider", "model", "operation"), row.key, strict=True)) | _sums(row)
            for row in used.rows("provider", "model", "operation")
        ],
        "totals": _sums(total),
        "limits": [limit_record(entry) for entry in used.limits],
    }


def _sums(row: UsageRow) -> dict[str, object]:
    return {
        "calls": row.calls,
        "quantities": dict(sorted(row.quantities.items())),
        "cost_usd": usd_text(row.cost_pico),
        "unpriced_calls": row.unpriced_calls,
        "provenance": dict(sorted(row.provenances.items())),
    }


def _heading(record: RunRecord, total: UsageRow, session: CommandContext) -> str:
    words, lang = session.words, session.lang
    said = words(
        "{calls} calls, {cost}, in {time}",
        calls=figures.whole(total.calls, lang),
        cost=_cost(total, lang),
        time=figures.duration(record.took_us, lang),
    )
    project = record.labels.get("project")
    return f"quotakeeper: {said}" + (f" ({project})" if project else "")


def _rows(used: Used, room: int, session: CommandContext) -> list[str]:
    rows = used.rows("provider", "model")
    shown = rows if len(rows) <= room else rows[: max(0, room - 1)]
    lines = [_row(row, session) for row in shown]
    if len(shown) < len(rows) and room:
        lines.append("  " + session.words("and {n} more models", n=len(rows) - len(shown)))
    return lines


def _row(row: UsageRow, session: CommandContext) -> str:
    lang = session.lang
    said = [session.words("{n} calls", n=figures.whole(row.calls, lang))]
    said += _amounts(row.quantities, lang)
    said.append(_cost(row, lang))
    return f"  {' '.join(filter(None, row.key))}: {', '.join(said)}"


def _amounts(quantities: Quantities, lang: str) -> Sequence[str]:
    found = by_meter(quantities)
    tokens = sum(found.get(name, 0) for name in TOKEN_METERS)
    amounts = [figures.with_unit(tokens, METERS["tokens"], lang)] if tokens else []
    for name in _SHOWN:
        base = found.get(METERS[name].parts[0], 0)
        if base:
            amounts.append(figures.with_unit(base, METERS[name], lang))
    return amounts


def _cost(row: UsageRow, lang: str) -> str:
    # Where no call had a price, a sum of zero would be a lie.
    if row.calls and row.calls == row.unpriced_calls:
        return figures.money(None, lang)
    return figures.money(row.cost_pico, lang)


def _doubts(notes: Notes, total: UsageRow, session: CommandContext) -> list[str]:
    """What a reader of the figures should know, in one line."""
    counted = (
        (notes.refused, "refused by a limit: {n}"),
        (total.unpriced_calls, "without a known price: {n}"),
        (total.provenances.get("estimated", 0), "estimated: {n}"),
        (total.provenances.get("assumed", 0), "assumed, outcome unknown: {n}"),
    )
    said = [session.words(text, n=n) for n, text in counted if n]
    return ["  " + ", ".join(said)] if said else []


def _nearest_limit(used: Used, session: CommandContext) -> list[str]:
    if not used.limits or used.status is None:
        return []
    entry = used.limits[0]
    resets = resets_text(entry, used.status.as_of, used.zone, session)
    percent = figures.percent(entry.percent, session.lang)
    state = STATE_WORDS[str(entry.state)]
    return [
        f"  {entry.limit.name}: {percent} {state}, {session.words('resets {when}', when=resets)}"
    ]


def _warnings(notes: Notes, session: CommandContext) -> list[str]:
    words, lines = session.words, []
    for version in notes.too_old:
        text = words("Python {version} is too old to be metered: nothing of it is counted",
                     version=version)  # fmt: skip
        lines.append(f"quotakeeper: {text}")
    for reason in notes.shut:
        text = words("calls to providers were refused: {reason}", reason=visible(reason))
        lines.append(f"quotakeeper: {text}")
    for error in notes.failed:
        text = words("the meter could not start ({error}): calls were not counted", error=error)
        lines.append(f"quotakeeper: {text}")
    if not notes.metered and not lines:
        text = words("no Python program loaded the meter: nothing was counted")
        lines.append(f"quotakeeper: {text}")
    return lines
