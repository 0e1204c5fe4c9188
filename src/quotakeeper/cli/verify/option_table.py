"""Name, summary and options of the command `verify`."""

from __future__ import annotations

from quotakeeper.cli.command_table import CommandTable
from quotakeeper.pipeline.command_option import CommandOption

VERIFY = CommandTable(
    "verify",
    "Compute balances from the journal again, and report every difference.",
    (
        CommandOption(
            ("--all",),
            "Read all entries, not only those after the last verified one.",
            bool,
            stored_as="whole",
        ),
        CommandOption(("--json",), "As JSON.", bool, stored_as="as_json"),
    ),
)
