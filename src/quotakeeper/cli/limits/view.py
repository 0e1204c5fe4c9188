"""Formats the limits in force as a table."""

from __future__ import annotations

from collections.abc import Sequence

from quotakeeper.app.limit_checks import UnusedName
from quotakeeper.app.records.limits import limits_origin
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import table_lines
from quotakeeper.config import Settings
from quotakeeper.domain.limits import Limit


def limits_lines(settings: Settings, session: CommandContext, width: int) -> list[str]:
    """Return a table with a row for each limit, and a line that says where the limits were configured."""
    words, lang = session.words, session.lang
    if not settings.limits:
        return [words("No limits are set. See: quotakeeper limits set --help")]
    header = ["LIMIT", "PROVIDER", "FOR", "AMOUNT", "WINDOW", "MODE", "TIME ZONE"]
    rows = [
        [
            limit.name,
            limit.provider or words("any"),
            _what_for(limit, session) or "-",
            figures.with_unit(limit.amount, limit.meter_info, lang),
            str(limit.window),
            str(limit.mode),
            limit.timezone,
        ]
        for limit in settings.limits
    ]
    lines = table_lines(
        [words(text) for text in header], rows, right=frozenset({3}), width=width,
        ellipsis=session.glyphs.ellipsis,
    )  # fmt: skip
    return [*lines, words("from: {origin}", origin=words(limits_origin(settings)))]


def unused_lines(unused: Sequence[UnusedName], session: CommandContext) -> list[str]:
    """Return a warning for each operation or label in a limit that no call has had yet."""
    words = session.words
    texts = {
        "operation": "warning: limit {limit!r}: no call has had the operation {name!r} yet",
        "label": "warning: limit {limit!r}: no call has had the label {name!r} yet",
    }
    return [
        words(texts[each.kind], limit=each.limit, name=each.name)
        + (words("; did you mean {near!r}?", near=each.near) if each.near else "")
        for each in unused
    ]


def _what_for(limit: Limit, session: CommandContext) -> str:
    scope = " ".join(f"{name}={value}" for name, value in limit.scope)
    per = session.words("each {label}", label=limit.per) if limit.per else ""
    return " ".join(each for each in (limit.model, limit.operation, scope, per) if each)
