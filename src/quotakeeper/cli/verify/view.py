"""Formats the result of a ledger check as text lines."""

from __future__ import annotations

from collections.abc import Iterator

from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import cut
from quotakeeper.domain.ports import Verification

_MOST_COLUMNS = 1_000


def verification_lines(ledger: str, found: Verification, session: CommandContext) -> Iterator[str]:
    """Yield lines with the number of problems, a description of each problem, and the entries that
    were read.
    """
    words, problems = session.words, found.problems
    if problems:
        yield words("{ledger}: problems found: {n}", ledger=ledger, n=len(problems))
        for problem in problems:
            yield f"  {cut(words.finished(problem.what), _MOST_COLUMNS)}"
    else:
        yield words("{ledger}: no problems", ledger=ledger)
    if found.after:
        yield words(
            "new entries read: {n}; the {verified} before were verified by an earlier run: --all "
            "reads them again",
            n=figures.whole(found.newest - found.after, session.lang),
            verified=figures.whole(found.after, session.lang),
        )  # fmt: skip
    if found.why_whole:
        yield words("all entries were read: {why}", why=words(found.why_whole))
