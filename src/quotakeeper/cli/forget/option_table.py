"""Name, summary and options of the command `forget`."""

from __future__ import annotations

from quotakeeper.cli.command_table import CommandTable
from quotakeeper.pipeline.command_option import CommandOption

FORGET = CommandTable(
    "forget",
    "Take a label's value out of the ledger; calls and totals stay, without it.",
    (
        CommandOption(("--label",), "The label to forget, like user=an.", metavar="NAME=VALUE"),
        CommandOption(("--yes",), "Do it without asking.", bool),
        CommandOption(("--json",), "As JSON.", bool, stored_as="as_json"),
    ),
)
