"""Name, summary and options of the command `leases`."""

from __future__ import annotations

from quotakeeper.cli.command_table import CommandTable
from quotakeeper.pipeline.command_option import CommandOption

LEASES = CommandTable(
    "leases",
    "Show which host and process holds which lease, and lost hosts.",
    (
        CommandOption(
            ("--write-off",),
            "Count the leases of this lost host as used, before they expire.",
            metavar="HOST",
        ),
        CommandOption(("--json",), "As JSON.", bool, stored_as="as_json"),
    ),
)
