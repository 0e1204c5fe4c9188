"""Runs `quotakeeper config show`: prints every setting and its value."""

from __future__ import annotations

import json

from quotakeeper.app.records.settings import settings_record, shown_values
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.text.table import table_lines
from quotakeeper.config.settings import variable_of


def run_show(session: context.CommandContext, *, origin: bool, as_json: bool) -> int:
    """Print all settings. With `origin`, also print where each value was set. Returns the exit code."""
    settings = session.settings()
    if as_json:
        console.say(json.dumps(settings_record(settings), indent=2))
        return exit_codes.OK
    words = session.words
    header = [words("SETTING"), words("VALUE")] + ([words("FROM")] if origin else [])
    rows = []
    for name, value in shown_values(settings).items():
        text = ", ".join(value) if isinstance(value, list) else value
        row = [name, text or "-"]
        rows.append([*row, words(settings.origins.get(name, "default"))] if origin else row)
    width = max(console.width(), 160 if origin else 0)  # a shortened path is useless
    for line in table_lines(header, rows, width=width, ellipsis=session.glyphs.ellipsis):
        console.say(line)
    if origin:
        place = settings.config_file or words("none; the defaults apply")
        console.say(words("config file: {file}", file=place))
        example = variable_of("durability")
        console.say(
            words(
                "every setting can also be set by its environment variable, such as {variable}",
                variable=example,
            )
        )
    return exit_codes.OK
