"""Formats the list of written files as text lines."""

from __future__ import annotations

from collections.abc import Sequence

from quotakeeper.app.written_files import WrittenFile
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import table_lines


def path_lines(files: Sequence[WrittenFile], session: CommandContext) -> list[str]:
    """Return a table with a line for each file: its path, its size in bytes, and its purpose."""
    words = session.words
    rows = [
        [
            each.path,
            "-" if each.bytes is None else figures.whole(each.bytes, session.lang),
            words(each.what),
        ]
        for each in files
    ]
    header = [words("PATH"), words("BYTES"), words("WHAT IT IS")]
    widest = 10_000  # wide enough for any path: a shortened path cannot be copied
    return table_lines(header, rows, right=frozenset({1}), width=widest)
