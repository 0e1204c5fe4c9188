"""Formats alerts, attempts and answers as text lines and JSON records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import tzinfo

from quotakeeper.alerts.message import AlertMessage, Receipt
from quotakeeper.alerts.sending import Delivered
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import table_lines
from quotakeeper.config.alert_settings import ChannelSettings
from quotakeeper.domain.alerts.alert import Alert
from quotakeeper.domain.alerts.delivery import DeliveryRow, DeliveryState
from quotakeeper.domain.windows import moment
from quotakeeper.schemas import Schema

_HEADER = ("TIME", "ALERT", "CHANNEL", "STATE", "ATTEMPTS", "ANSWER")


def attempt_line(done: Delivered, zone: tzinfo, session: CommandContext) -> str:
    """Return the line of one attempt."""
    words, answer, title = session.words, done.receipt.text, done.message.title
    if done.receipt.is_taken:
        text = "{channel}: sent: {title} ({answer})"
        return words(text, channel=done.channel, title=title, answer=answer)
    if done.receipt.is_refused:
        text = "{channel}: refused for good, not sent again: {title}: {answer}"
        return words(text, channel=done.channel, title=title, answer=answer)
    if done.next_at is None:
        text = "{channel}: given up after a day: {title}: {answer}"
        return words(text, channel=done.channel, title=title, answer=answer)
    text = "{channel}: not taken: {title}: {answer}; the next attempt is at {at}"
    at = figures.stamp(done.next_at, zone)
    return words(text, channel=done.channel, title=title, answer=answer, at=at)


def test_line(channel: ChannelSettings, answer: Receipt, session: CommandContext) -> str:
    """Return the line of a tested channel."""
    text = "{channel}: taken: {answer}" if answer.is_taken else "{channel}: not taken: {answer}"
    return session.words(text, channel=channel.name, answer=answer.text)


def delivery_lines(
    rows: Sequence[DeliveryRow], titles: Sequence[str], zone: tzinfo, session: CommandContext,
    width: int,
) -> Iterator[str]:  # fmt: skip
    """Yield a table with a row for each alert and channel."""
    words = session.words
    if not rows:
        yield words("There are no alerts in this time range.")
        return
    cells = [
        [figures.stamp(row.alert.at, zone), title, row.channel, words(str(row.state)),
         str(row.attempts), row.answer or "-"]
        for row, title in zip(rows, titles, strict=True)
    ]  # fmt: skip
    yield from table_lines(
        [words(text) for text in _HEADER], cells, right=frozenset({4}), width=width,
        ellipsis=session.glyphs.ellipsis,
    )  # fmt: skip
    late = [row for row in rows if row.state is DeliveryState.WAITING and row.attempts]
    for name in dict.fromkeys(row.channel for row in late):
        text = "channel {channel!r} does not take alerts; see its answer: quotakeeper alerts test"
        yield words(text, channel=name)
    failed = Counter(row.channel for row in rows if row.state is DeliveryState.FAILED)
    for name, n in failed.items():
        one = "channel {channel!r} did not take {n} alert, which is not sent again"
        many = "channel {channel!r} did not take {n} alerts, which are not sent again"
        yield words.plural(n, one, many, channel=name, n=figures.whole(n, session.lang))


def refusal_lines(done: Sequence[Delivered], session: CommandContext) -> Iterator[str]:
    """Yield a warning for each channel whose receiver refused alerts for good."""
    refused = Counter(each.channel for each in done if each.receipt.is_refused)
    for name, n in refused.items():
        one = (
            "warning: the receiver of channel {channel!r} refused {n} alert, which is not sent again; "
            "see its answer: quotakeeper alerts show"
        )
        many = (
            "warning: the receiver of channel {channel!r} refused {n} alerts, which are not sent "
            "again; see its answers: quotakeeper alerts show"
        )
        yield session.words.plural(
            n, one, many, channel=name, n=figures.whole(n, session.lang)
        )  # fmt: skip


def simulated_lines(
    found: Sequence[Alert], messages: Sequence[AlertMessage], zone: tzinfo, session: CommandContext,
    width: int,
) -> Iterator[str]:  # fmt: skip
    """Yield the number of alerts, and a row for each."""
    words = session.words
    one, many = "There would have been {n} alert.", "There would have been {n} alerts."
    yield words.plural(len(found), one, many, n=figures.whole(len(found), session.lang))
    if found:
        cells = [[figures.stamp(alert.at, zone), message.title]
                 for alert, message in zip(found, messages, strict=True)]  # fmt: skip
        yield from table_lines(
            [words("TIME"), words("ALERT")], cells, right=frozenset(), width=width,
            ellipsis=session.glyphs.ellipsis,
        )  # fmt: skip


def attempt_record(done: Delivered) -> dict[str, object]:
    """Return an attempt for JSON."""
    return {
        "id": done.message.id,
        "channel": done.channel,
        "title": done.message.title,
        "taken": done.receipt.is_taken,
        "answer": done.receipt.text,
        "next_at": _instant(done.next_at),
    }


def delivery_record(row: DeliveryRow, message: AlertMessage) -> dict[str, object]:
    """Return a delivery for JSON, with the document of its alert."""
    return {
        "channel": row.channel,
        "state": str(row.state),
        "attempts": row.attempts,
        "answer": row.answer,
        "next_at": _instant(row.next_at) if row.state is DeliveryState.WAITING else None,
        "ended_at": _instant(row.ended_at),
        "alert": dict(message.payload),
    }


def simulated_record(messages: Sequence[AlertMessage]) -> dict[str, object]:
    """Return simulated alerts for JSON."""
    return {
        "schema": Schema.ALERT_SIMULATION,
        "alerts": [dict(each.payload) for each in messages],
    }


def _instant(at: int | None) -> str | None:
    return None if at is None else moment(at).isoformat(timespec="seconds")
