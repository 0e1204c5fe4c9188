"""Name, summary and options of the command `verify`."""

from __future__ import annotations

from quotakeeper.cli.command_table import CommandTable
from quotakeeper.pipeline.command_option import CommandOption

VERIFY = CommandTable(
    "verify",
    "Check the ledger against its own journal.",
    (CommandOption(("--json",), "As JSON.", bool, stored_as="as_json"),),
)
