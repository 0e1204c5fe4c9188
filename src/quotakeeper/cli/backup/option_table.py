"""Name, summary and options of the command `backup`."""

from __future__ import annotations

from quotakeeper.cli.command_table import CommandTable
from quotakeeper.pipeline.command_option import CommandOption

BACKUP = CommandTable(
    "backup",
    "Copy the ledger while it is in use, and check the copy.",
    (
        CommandOption(
            ("--out",), "The file or folder to copy to; beside the ledger, if not given.",
            metavar="FILE",
        ),
        CommandOption(("--force",), "Replace a file that is there.", bool),
        CommandOption(("--json",), "As JSON.", bool, stored_as="as_json"),
    ),
)  # fmt: skip
