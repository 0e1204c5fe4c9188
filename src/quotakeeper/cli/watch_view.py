"""One frame of the live monitor as lines of text; it fits from 60 columns on."""

from __future__ import annotations

from quotakeeper.cli import figures
from quotakeeper.cli.config_view import redacted
from quotakeeper.cli.event_view import event_lines, legend
from quotakeeper.cli.monitor import Frame
from quotakeeper.cli.sessions import Session
from quotakeeper.cli.status_view import limit_block, resets_text
from quotakeeper.cli.streams import paint
from quotakeeper.cli.table import columns_of, cut, flowed
from quotakeeper.domain.forecast import Forecast
from quotakeeper.engine.reports import LimitStatus


def frame_lines(frame: Frame, session: Session, width: int) -> list[str]:
    """The whole screen: where the limits stand, how fast, until when; then the last calls."""
    words, now = session.words, frame.status.as_of
    glyphs = session.glyphs
    pieces = ["quotakeeper", figures.stamp(now, frame.zone), figures.zone_text(frame.zone)]
    room = width - sum(columns_of(piece) + 3 for piece in pieces)
    if room >= 12:
        pieces.append(cut(redacted(frame.ledger), room, glyphs.ellipsis))
    lines = [paint(f" {glyphs.dot} ".join(pieces), "bold", session.colour)]
    if not frame.status.limits:
        lines += ["", words("No limits are set. See: quotakeeper limits set --help")]
    for entry, found in zip(frame.status.limits, frame.forecasts, strict=True):
        lines += ["", *limit_block(entry, width, session, _pieces(entry, found, frame, session))]
    lines.append("")
    if not frame.calls:
        return [*lines, words("No calls yet.")]
    lines += event_lines(frame.calls, frame.zone, session, width)
    lines.append("")
    marks = legend(session).split("  ")
    return lines + [paint(x, "dim", session.colour) for x in flowed(marks, width, separator="  ")]


def _pieces(entry: LimitStatus, found: Forecast, frame: Frame, session: Session) -> list[str]:
    words, meter, now = session.words, entry.limit.meter_info, frame.status.as_of
    pieces = []
    if entry.reserved:
        amount = figures.with_unit(entry.reserved, meter, session.lang)
        pieces.append(words("reserved {amount}", amount=amount))
    speed = figures.speed(found.per_hour, meter, session.lang)
    pieces.append(words("{amount} an hour", amount=speed))
    pieces.append(_exhausted(found, frame, session))
    pieces.append(words("resets {when}", when=resets_text(entry, now, frame.zone, session)))
    return pieces


def _exhausted(found: Forecast, frame: Frame, session: Session) -> str:
    words, now = session.words, frame.status.as_of
    if found.exhausts_at is None:
        return words("not exhausted at this rate")
    if found.exhausts_at <= now:
        return words("exhausted")
    return words(
        "exhausted {at}, in {left}",
        at=figures.clock_text(found.exhausts_at, now, frame.zone),
        left=figures.duration(found.exhausts_at - now, session.lang),
    )
