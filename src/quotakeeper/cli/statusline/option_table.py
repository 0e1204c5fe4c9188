"""Name, summary and options of the command `statusline`."""

from __future__ import annotations

from quotakeeper.cli.command_table import CommandTable
from quotakeeper.pipeline.command_option import CommandOption

STATUSLINE = CommandTable(
    "statusline",
    "Show today's use in one line, for a shell prompt or tmux.",
    (
        CommandOption(("--json",), "As JSON, on one line.", bool, stored_as="as_json"),
        CommandOption(
            ("--width",), "Maximum width of the line, in columns.", int, metavar="COLUMNS",
            default=60,
        ),
    ),
)  # fmt: skip
