"""Formats the result of a compaction as text lines."""

from __future__ import annotations

from collections.abc import Iterator

from quotakeeper.app.ledger_files import CompactionResult
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.domain.windows import moment


def compaction_lines(
    done: CompactionResult, session: CommandContext, *, shrink: bool
) -> Iterator[str]:  # fmt: skip
    """Yield lines with the number of deleted calls, and the size in bytes before and after."""
    words = session.words
    since = moment(done.before_at, done.zone).date().isoformat()
    yield words.plural(
        done.calls, "{ledger}: deleted {n} call that was older than {since}",
        "{ledger}: deleted {n} calls that were older than {since}", ledger=done.ledger,
        n=figures.whole(done.calls, session.lang), since=since,
    )  # fmt: skip
    if done.bytes_before is None:
        yield words("balances and reports did not change; the server reuses the freed space")
        return
    yield words("size: {before} bytes, now {after}; balances and reports did not change",
                before=f"{done.bytes_before:,}", after=f"{done.bytes_after:,}")  # fmt: skip
    if done.calls and not shrink:
        yield words("new calls reuse the freed space; --shrink returns it to the disk")
