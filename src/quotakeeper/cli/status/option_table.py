"""Name, summary and options of the command `status`."""

from __future__ import annotations

from quotakeeper.cli.command_table import CommandTable
from quotakeeper.pipeline.command_option import CommandOption

STATUS = CommandTable(
    "status",
    "Show the current use of every limit.",
    (
        CommandOption(("--json",), "As JSON.", bool, stored_as="as_json"),
        CommandOption(
            ("--check",),
            (
                "Exit with code 3 if a hard limit is exceeded, and with 4 if a limit is almost "
                "reached or its use is unknown."
            ),
            bool,
        ),
    ),
)
