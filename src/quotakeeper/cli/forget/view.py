"""Formats what `forget` changes and what it keeps, as text lines."""

from __future__ import annotations

from collections.abc import Iterator

from quotakeeper.app.forgetting import Forgetting
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.cli.views.call_count import calls_text


def preview_lines(result: Forgetting, session: CommandContext) -> Iterator[str]:
    """Yield lines about what `forget` would change, delete and keep."""
    found, label, words = result.found, result.label, session.words
    yield words("{name}={value}: {calls}, last used {last}", name=label.name, value=label.value,
                calls=calls_text(found.calls + found.open_calls, session),
                last=figures.stamp(found.last_at, result.zone) if found.last_at else "-")  # fmt: skip
    yield words(
        "  changed: the label's value, also in the names of the limits per {name}", name=label.name
    )
    if found.notes:
        n = figures.whole(found.notes, session.lang)
        yield words("  deleted: the notes of these calls ({n})", n=n)
    yield from _rest(result, session)


def done_lines(result: Forgetting, session: CommandContext) -> Iterator[str]:
    """Yield lines about what was changed, and about backups that still have the label."""
    found, label, words = result.found, result.label, session.words
    calls = calls_text(found.calls + found.open_calls, session)
    yield words("forgotten: {calls} now have {name}={instead}", calls=calls, name=label.name,
                instead=found.instead)  # fmt: skip
    yield from _rest(result, session)


def _rest(result: Forgetting, session: CommandContext) -> Iterator[str]:
    words = session.words
    yield words(
        "  kept: times, models, amounts, costs and ids of the calls; every total and balance"
    )
    if result.found.keys:
        n = figures.whole(result.found.keys, session.lang)
        yield words("  changed in virtual keys and in their audit: {n}", n=n)
    if result.found.balances:
        yield words("  limits per {name}: new calls of {value} start from 0", name=result.label.name,
                    value=result.label.value)  # fmt: skip
    for copy in result.copies:
        yield words("  this backup still has the value: {file}", file=copy)
