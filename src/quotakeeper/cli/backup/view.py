"""Formats the result of a backup as text lines."""

from __future__ import annotations

from collections.abc import Iterator

from quotakeeper.app.ledger_files import BackupResult
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import cut

_MOST_COLUMNS = 1_000


def backup_lines(done: BackupResult, session: CommandContext) -> Iterator[str]:
    """Yield lines with the copy's file name, its size in bytes, and the problems found in the copy."""
    words = session.words
    size = figures.whole(done.bytes, session.lang)
    yield words("copied to {file}: {size} bytes", file=done.file, size=size)
    if not done.problems:
        yield words("the copy has no problems: its journal gives the same balances")
        return
    n = len(done.problems)
    yield words.plural(n, "the copy has {n} problem:", "the copy has {n} problems:", n=n)
    for problem in done.problems:
        yield f"  {cut(words.finished(problem), _MOST_COLUMNS)}"
