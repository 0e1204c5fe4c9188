"""Name, summary and options of the command `backup`."""

from __future__ import annotations

from quotakeeper.cli.command_table import CommandTable
from quotakeeper.pipeline.command_option import CommandOption

BACKUP = CommandTable(
    "backup",
    "Copy the ledger while it is in use, and check the copy.",
    (
        CommandOption(
            ("--out",), "File or folder for the copy; default: beside the ledger.",
            metavar="FILE",
        ),
        CommandOption(("--force",), "Replace an existing file.", bool),
        CommandOption(("--json",), "As JSON.", bool, stored_as="as_json"),
    ),
)  # fmt: skip
