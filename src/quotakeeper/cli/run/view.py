"""Formats the summary of a run in at most six lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from quotakeeper.app.records.csv_text import visible
from quotakeeper.app.records.run import PROJECT_LABEL, RunOutcome, RunUsage
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import cut
from quotakeeper.cli.views.call_count import calls_text
from quotakeeper.cli.views.limit_lines import STATE_WORDS, percent_text, resets_text, unpriced_text
from quotakeeper.domain.units import METERS, TOKEN_METERS, Quantities, by_meter
from quotakeeper.launch.notes import ENVIRONMENT

if TYPE_CHECKING:
    from quotakeeper.domain.forecasting.status import UsageRow
    from quotakeeper.launch.notes import Notes

MOST_LINES = 6
_ROWS = 3
_GAPS = 2  # lines about calls and processes that the meter did not see
_THE_PROGRAM = "__main__"
_WIDTH = 110
_SHOWN = ("audio_minutes", "session_minutes", "characters", "searches", "images")


def summary_lines(
    outcome: RunOutcome, notes: Notes, used: RunUsage, session: CommandContext
) -> list[str]:
    """Return the usage of a run in at most six lines."""
    total = used.total
    warnings = _warnings(notes, session)
    if not (total.calls or notes.refused or notes.paused or notes.unsent):
        if warnings:
            return warnings[:MOST_LINES]
        return [f"quotakeeper: {_nothing_seen(notes, session)}"]
    head = [_heading(outcome, total, session)]
    foot = [*warnings, *_doubts(notes, total, session), *_nearest_limit(used, session)]
    room = MOST_LINES - len(head) - min(len(foot), MOST_LINES - len(head) - 1)
    lines = [*head, *_rows(used, min(_ROWS, room), session), *foot][:MOST_LINES]
    return [cut(line, _WIDTH, "...") for line in lines]


def _heading(outcome: RunOutcome, total: UsageRow, session: CommandContext) -> str:
    words, lang = session.words, session.lang
    said = words.plural(
        total.calls,
        "{calls} call, {cost}, in {time}",
        "{calls} calls, {cost}, in {time}",
        calls=figures.whole(total.calls, lang),
        cost=_cost(total, session),
        time=figures.duration(outcome.took_us, lang),
    )
    project = outcome.labels.get(PROJECT_LABEL)
    return f"quotakeeper: {said}" + (f" ({project})" if project else "")


def _rows(used: RunUsage, room: int, session: CommandContext) -> list[str]:
    rows = used.rows("provider", "model")
    shown = rows if len(rows) <= room else rows[: max(0, room - 1)]
    lines = [_row(row, session) for row in shown]
    if len(shown) < len(rows) and room:
        n = len(rows) - len(shown)
        text = session.words.plural(n, "and {n} more model", "and {n} more models", n=n)
        lines.append(f"  {text}")
    return lines


def _row(row: UsageRow, session: CommandContext) -> str:
    lang = session.lang
    said = [calls_text(row.calls, session)]
    said += _amounts(row.quantities, lang)
    said.append(_cost(row, session))
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


def _cost(row: UsageRow, session: CommandContext) -> str:
    # If no call had a price, the cost is unknown. A sum of zero would be wrong.
    if row.calls and row.calls == row.unpriced_calls:
        return session.words("cost unknown")
    return figures.money(row.cost_pico, session.lang)


def _doubts(notes: Notes, total: UsageRow, session: CommandContext) -> list[str]:
    """Return one line with the numbers of calls that were refused, not sent, unpriced, estimated or
    assumed; or no line.
    """
    counted = (
        (notes.refused, "refused by a limit: {n}"),
        (notes.paused, "refused while calls were paused: {n}"),
        (notes.unsent, "not sent: {n}"),
        (total.unpriced_calls, "without a known price: {n}"),
        (total.provenances.get("estimated", 0), "estimated: {n}"),
        (total.provenances.get("assumed", 0), "assumed, outcome unknown: {n}"),
    )
    said = [session.words(text, n=n) for n, text in counted if n]
    return ["  " + ", ".join(said)] if said else []


def _nearest_limit(used: RunUsage, session: CommandContext) -> list[str]:
    if not used.limits or used.status is None:
        return []
    entry = used.limits[0]
    resets = resets_text(entry, used.status.as_of, used.zone, session)
    state = STATE_WORDS[str(entry.state)]
    percent = percent_text(entry, session)
    if not entry.is_told:
        percent = unpriced_text(entry.unpriced_calls, session)
    return [
        f"  {entry.limit.name}: {percent} {state}, {session.words('resets {when}', when=resets)}"
    ]


def _nothing_seen(notes: Notes, session: CommandContext) -> str:
    if notes.gateways:
        text = "calls went to the gateway at {address}, which counts them; no other calls were seen"
        return session.words(text, address=", ".join(notes.gateways))
    if not notes.loaded:
        return session.words("no call to a known provider was seen")
    text = "no call to a known provider was seen; calls through {libraries} cannot be seen"
    return session.words(text, libraries=", ".join(notes.loaded))


def _gaps(notes: Notes, session: CommandContext) -> list[str]:
    """Return warnings about sent calls that were not counted. The meter cannot detect all such
    calls."""
    words, lines = session.words, []
    for each in notes.unseen:
        text = "connections to {host} that the meter did not see: {n}; their calls are not counted"
        if each.library:
            text = ("connections to {host} by {library} that the meter did not see: {n}; their "
                    "calls are not counted")  # fmt: skip
        name = words("the program itself") if each.library == _THE_PROGRAM else each.library
        lines.append(
            words(text, n=each.connections, host=visible(each.host), library=visible(name))
        )
    for child in notes.children:
        text = (
            "{program} was started {n} times with {reason}, which disables the meter: its "
            "calls were not counted"
        )
        if child.reason == ENVIRONMENT:
            text = (
                "{program} was started {n} times without the environment variables of the "
                "run: its calls were not counted"
            )
        lines.append(words(text, n=child.processes, program=visible(child.program),
                           reason=child.reason))  # fmt: skip
    for error in notes.blind:
        lines.append(
            words("connections outside the meter could not be detected ({error})", error=error)
        )
    if len(lines) > _GAPS:
        more = words("and {n} more of this kind, see --json", n=len(lines) - _GAPS + 1)
        lines = [*lines[: _GAPS - 1], more]
    return [f"quotakeeper: {line}" for line in lines]


def _warnings(notes: Notes, session: CommandContext) -> list[str]:
    words, lines = session.words, _gaps(notes, session)
    for version in notes.too_old:
        text = words("Python {version} is too old for the meter: its calls were not counted",
                     version=version)  # fmt: skip
        lines.append(f"quotakeeper: {text}")
    for reason in notes.shut:
        text = words("calls to providers were refused: {reason}",
                     reason=visible(words.finished(reason)))  # fmt: skip
        lines.append(f"quotakeeper: {text}")
    for error in notes.failed:
        text = words("the meter could not start ({error}): calls were not counted",
                     error=words.finished(error))  # fmt: skip
        lines.append(f"quotakeeper: {text}")
    if not notes.metered and not lines:
        text = words("no Python program loaded quotakeeper: nothing was counted")
        lines.append(f"quotakeeper: {text}")
    return lines
