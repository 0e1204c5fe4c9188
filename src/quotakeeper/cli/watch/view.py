"""Formats the content of the live screen as lines of text, at least 40 columns wide."""

from __future__ import annotations

from quotakeeper.app.live_frame import LiveFrame
from quotakeeper.app.price_notices import notice_lines
from quotakeeper.app.records.instants import zone_text
from quotakeeper.app.records.settings import redacted
from quotakeeper.cli.console import paint
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import columns_of, cut, flowed, wrapped
from quotakeeper.cli.views.clock_lines import doubt_line
from quotakeeper.cli.views.day_lines import known_calls_text, sparkline, spent_text
from quotakeeper.cli.views.event_table import event_lines, legend
from quotakeeper.cli.views.forecast_text import forecast_pieces
from quotakeeper.cli.views.limit_lines import limit_block, resets_text
from quotakeeper.cli.views.limit_rows import limit_rows
from quotakeeper.cli.views.local_amounts import local_amounts, local_spent
from quotakeeper.cli.views.pause_lines import pause_line
from quotakeeper.cli.views.quota_lines import quota_lines
from quotakeeper.domain.forecasting.status import LimitStatus
from quotakeeper.domain.forecasting.urgency import by_urgency
from quotakeeper.value_classes import dataclass

_ROWS = 2  # lines per limit when space is short
_LEAST_CALLS = 3


@dataclass(frozen=True, slots=True)
class FittedFrame:
    """The lines that fit on a screen.

    `first` is the index of the first shown limit. `shown` and `hidden` count the limits that are
    shown and not shown.
    """

    lines: list[str]
    first: int
    shown: int
    hidden: int


def frame_lines(
    frame: LiveFrame, session: CommandContext, width: int, now: int | None = None
) -> list[str]:
    """Return all lines of a screen of any height: the day, the limits (most urgent first), the
    newest calls."""
    now = frame.status.as_of if now is None else now
    words = session.words
    lines = _head(frame, session, width, now)
    for entry in by_urgency(frame.status.limits):
        lines += ["", *limit_block(entry, width, session, _pieces(entry, frame, session, now))]
    quotas = quota_lines(frame.status.quotas, now, frame.zone, session, width)
    lines += ["", *quotas] if quotas else []
    notices = wrapped(notice_lines(frame.changes, words, most=1), width)
    lines += ["", *notices] if notices else []
    lines.append("")
    if not frame.calls:
        return [*lines, words("No calls yet.")]
    lines += event_lines(frame.calls, frame.zone, session, width)
    return [*lines, "", *_legend(session, width)]


def fitted_lines(
    frame: LiveFrame, session: CommandContext, width: int, height: int, first: int, now: int
) -> FittedFrame:  # fmt: skip
    """Return the lines that fit in `height`: the limits from index `first`, then the newest calls."""
    head = _head(frame, session, width, now)
    limits = by_urgency(frame.status.limits)
    room = height - len(head)
    for_calls = min(len(frame.calls), max(_LEAST_CALLS, room // 3)) + 2
    for_limits = max(_ROWS, room - 1 - for_calls)
    shown = min(len(limits), max(1, for_limits // _ROWS))
    if shown < len(limits):
        shown = max(1, (for_limits - 1) // _ROWS)
    first = max(0, min(first, len(limits) - shown))
    hidden = len(limits) - shown
    lines = [*head, ""]
    blocks = [
        limit_block(entry, width, session, _pieces(entry, frame, session, now)) for entry in limits
    ]
    if not hidden and sum(len(each) + 1 for each in blocks) <= for_limits:
        lines += [line for block in blocks for line in (*block, "")][:-1]
    else:
        for entry in limits[first : first + shown]:
            lines += limit_rows(entry, now, frame.zone, session, width)
    if hidden:
        lines.append(paint(_more_text(first, hidden, session), "dim", session.colour))
    notices = _cut(notice_lines(frame.changes, session.words)[:1], width, session)
    if height - len(lines) > _LEAST_CALLS + _ROWS:
        lines += [paint(text, "dim", session.colour) for text in notices]
    lines += _calls(frame, session, width, height - len(lines))
    return FittedFrame(lines[:height], first, shown, hidden)


def _head(frame: LiveFrame, session: CommandContext, width: int, now: int) -> list[str]:
    words, glyphs = session.words, session.glyphs
    separator = f" {glyphs.dot} "
    pieces = ["quotakeeper", figures.stamp(now, frame.zone), zone_text(frame.zone)]
    room = width - sum(columns_of(piece) + 3 for piece in pieces)
    if room >= 12:
        pieces.append(cut(redacted(frame.ledger), room, glyphs.ellipsis))
    title = cut(separator.join(pieces), width, glyphs.ellipsis)
    day = [
        words("{cost} today", cost=spent_text(frame.use, session)),
        sparkline(frame.use, session).rstrip(),
        known_calls_text(frame.use, session),
    ]
    lines = [
        paint(title, "bold", session.colour),
        *flowed(_cut(day, width, session), width, separator=separator)[:2],
    ]
    lines += _cut(local_spent(frame.use, session), width, session)
    stops = [pause_line(pause, now, frame.zone, session) for pause in frame.status.pauses]
    if frame.status.doubt is not None:
        stops.insert(0, doubt_line(frame.status.doubt, frame.zone, session))
    for text in stops:
        lines += flowed(text.split(" "), width, separator=" ", indent="  ")
    if not frame.status.limits:
        lines += ["", words("No limits are set. See: quotakeeper limits set --help")]
    return lines


def _cut(lines: list[str], width: int, session: CommandContext) -> list[str]:
    return [cut(line, width, session.glyphs.ellipsis) for line in lines]


def _more_text(first: int, hidden: int, session: CommandContext) -> str:
    words = session.words
    text = words.plural(hidden, "+{n} more limit", "+{n} more limits", n=hidden)
    return f"{text} ({words('{n} of them above', n=first)})" if first else text


def _calls(frame: LiveFrame, session: CommandContext, width: int, room: int) -> list[str]:
    """Return an empty line, the newest calls that fit, and the meaning of the marks if there is space."""
    if room < 2:
        return []
    if not frame.calls:
        return ["", session.words("No calls yet.")]
    marks = _legend(session, width)
    with_marks = room - 2 - len(marks) >= min(_LEAST_CALLS, len(frame.calls))
    most = room - 2 - (len(marks) if with_marks else 0)
    if most < 1:
        return []
    table = event_lines(frame.calls[:most], frame.zone, session, width)
    return ["", *table, *(marks if with_marks else [])]


def _legend(session: CommandContext, width: int) -> list[str]:
    marks = legend(session).split("  ")
    return [paint(x, "dim", session.colour) for x in flowed(marks, width, separator="  ")]


def _pieces(
    entry: LimitStatus, frame: LiveFrame, session: CommandContext, now: int
) -> list[str]:  # fmt: skip
    words, meter = session.words, entry.limit.meter_info
    pieces = local_amounts(entry, session)
    if entry.reserved:
        amount = figures.with_unit(entry.reserved, meter, session.lang)
        pieces.append(words("reserved {amount}", amount=amount))
    foreseen = forecast_pieces(entry, now, frame.zone, session)
    pieces += foreseen or [words("no data for a forecast")]
    pieces.append(words("resets {when}", when=resets_text(entry, now, frame.zone, session)))
    if entry.others:
        pieces.append(words("and {n} more values with less use", n=entry.others))
    return pieces
