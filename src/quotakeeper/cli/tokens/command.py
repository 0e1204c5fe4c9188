"""Runs `quotakeeper tokens`: installs the local tokenizer, and measures the built-in estimate."""

from __future__ import annotations

import json

from quotakeeper.app.records.token_accuracy import accuracy_errors, accuracy_record
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import table_lines


def run_install(session: context.CommandContext, source: str) -> int:
    """Install the tokenizer from `source` and print its path. Returns the exit code."""
    from quotakeeper.tokens import exact

    place = exact.install(source)
    console.tell(session.words("the tokenizer is installed: {file}", file=place))
    return exit_codes.OK


def run_accuracy(session: context.CommandContext, folder: str, *, as_json: bool) -> int:
    """Print the error of the token estimate for each language in the texts of a folder.

    Returns the exit code.
    """
    from quotakeeper.tokens import accuracy

    rows = accuracy.measure(folder)
    if as_json:
        console.say(json.dumps(accuracy_record(rows), indent=2))
        return exit_codes.OK
    words, lang = session.words, session.lang
    header = ["LANGUAGE", "TEXTS", "TOKENS", "MEAN ERROR", "BIAS", "95 % BELOW", "WITHIN BOUND"]
    cells = [
        [
            row.language,
            figures.whole(row.texts, lang),
            figures.whole(row.tokens, lang),
            *(f"{figures.grouped(text, lang)} %" for text in accuracy_errors(row).values()),
        ]
        for row in rows
    ]
    lines = table_lines(
        [words(text) for text in header], cells, right=frozenset(range(1, 7)),
        width=console.width(), ellipsis=session.glyphs.ellipsis,
    )  # fmt: skip
    for line in lines:
        console.say(line)
    return exit_codes.OK
