"""Name, summary and options of the command `forget`."""

from __future__ import annotations

from quotakeeper.cli.command_table import CommandTable
from quotakeeper.pipeline.command_option import CommandOption

FORGET = CommandTable(
    "forget",
    "Remove a label's value from the ledger; calls and totals stay.",
    (
        CommandOption(
            ("--label",),
            "The label and the value to remove, such as user=an.",
            metavar="NAME=VALUE",
        ),
        CommandOption(("--yes",), "Change the ledger without asking.", bool),
        CommandOption(("--json",), "As JSON.", bool, stored_as="as_json"),
    ),
)
