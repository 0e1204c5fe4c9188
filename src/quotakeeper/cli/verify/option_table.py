"""Name, summary and options of the command `verify`."""

from __future__ import annotations

from quotakeeper.cli.command_table import CommandTable
from quotakeeper.pipeline.command_option import CommandOption

VERIFY = CommandTable(
    "verify",
    "Compute all balances from the journal again, and report every difference.",
    (CommandOption(("--json",), "As JSON.", bool, stored_as="as_json"),),
)
