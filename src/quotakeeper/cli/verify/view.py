"""Formats the result of a ledger check as text lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text.table import cut

_MOST_COLUMNS = 1_000


def verification_lines(
    ledger: str, problems: Sequence[str], session: CommandContext
) -> Iterator[str]:
    """Yield lines with the number of problems and a description of each problem."""
    if not problems:
        yield session.words("{ledger}: no problems", ledger=ledger)
        return
    yield session.words("{ledger}: problems found: {n}", ledger=ledger, n=len(problems))
    for problem in problems:
        yield f"  {cut(session.words.finished(problem), _MOST_COLUMNS)}"
