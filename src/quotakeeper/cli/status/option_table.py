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
            ("Exit code 3: a hard limit is exceeded; 4: a limit is near, or its use is unknown."),
            bool,
        ),
    ),
)
