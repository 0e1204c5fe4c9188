"""One frame of the live monitor as lines of text; it fits from 60 columns on."""

from __future__ import annotations

from quotakeeper.app.live_frame import LiveFrame
from quotakeeper.app.records.instants import zone_text
from quotakeeper.app.records.settings import redacted
from quotakeeper.cli.console import paint
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import columns_of, cut, flowed
from quotakeeper.cli.views.clock_lines import doubt_line
from quotakeeper.cli.views.event_table import event_lines, legend
from quotakeeper.cli.views.forecast_text import forecast_pieces
from quotakeeper.cli.views.limit_lines import limit_block, resets_text
from quotakeeper.cli.views.pause_lines import pause_line
from quotakeeper.cli.views.quota_lines import quota_lines
from quotakeeper.domain.forecasting.status import LimitStatus


def frame_lines(frame: LiveFrame, session: CommandContext, width: int) -> list[str]:
    """The whole screen: where the limits stand, how fast, until when; then the last calls."""
    words, now = session.words, frame.status.as_of
    glyphs = session.glyphs
    pieces = ["quotakeeper", figures.stamp(now, frame.zone), zone_text(frame.zone)]
    room = width - sum(columns_of(piece) + 3 for piece in pieces)
    if room >= 12:
        pieces.append(cut(redacted(frame.ledger), room, glyphs.ellipsis))
    lines = [paint(f" {glyphs.dot} ".join(pieces), "bold", session.colour)]
    if frame.status.doubt is not None:
        text = doubt_line(frame.status.doubt, frame.zone, session)
        lines += ["", *flowed(text.split(" "), width, separator=" ", indent="  ")]
    for pause in frame.status.pauses:
        text = pause_line(pause, now, frame.zone, session)
        lines += ["", *flowed(text.split(" "), width, separator=" ", indent="  ")]
    if not frame.status.limits:
        lines += ["", words("No limits are set. See: quotakeeper limits set --help")]
    for entry in frame.status.limits:
        lines += ["", *limit_block(entry, width, session, _pieces(entry, frame, session))]
    quotas = quota_lines(frame.status.quotas, now, frame.zone, session, width)
    lines += ["", *quotas] if quotas else []
    lines.append("")
    if not frame.calls:
        return [*lines, words("No calls yet.")]
    lines += event_lines(frame.calls, frame.zone, session, width)
    lines.append("")
    marks = legend(session).split("  ")
    return lines + [paint(x, "dim", session.colour) for x in flowed(marks, width, separator="  ")]


def _pieces(entry: LimitStatus, frame: LiveFrame, session: CommandContext) -> list[str]:
    words, meter, now = session.words, entry.limit.meter_info, frame.status.as_of
    pieces = []
    if entry.reserved:
        amount = figures.with_unit(entry.reserved, meter, session.lang)
        pieces.append(words("reserved {amount}", amount=amount))
    foreseen = forecast_pieces(entry, now, frame.zone, session)
    pieces += foreseen or [words("nothing to foresee it by")]
    pieces.append(words("resets {when}", when=resets_text(entry, now, frame.zone, session)))
    if entry.others:
        pieces.append(words("and {n} more, each used less", n=entry.others))
    return pieces
