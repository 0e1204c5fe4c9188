"""Formats a number of calls in words."""

from __future__ import annotations

from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures


def calls_text(n: int, session: CommandContext) -> str:
    """Return a number of calls with its noun: "1 call", "1,234 calls"."""
    return session.words.plural(n, "{n} call", "{n} calls", n=figures.whole(n, session.lang))
