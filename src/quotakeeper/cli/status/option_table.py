"""Name, summary and options of the command `status`."""

from __future__ import annotations

from quotakeeper.cli.command_table import CommandTable
from quotakeeper.pipeline.command_option import CommandOption

STATUS = CommandTable(
    "status",
    "Where every limit stands now.",
    (
        CommandOption(("--json",), "As JSON.", bool, stored_as="as_json"),
        CommandOption(("--check",), "Exit 3 over a hard limit, 4 near one.", bool),
    ),
)
