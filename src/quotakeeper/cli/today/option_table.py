"""Name, summary and options of the command `today`."""

from __future__ import annotations

from quotakeeper.cli.command_table import CommandTable
from quotakeeper.pipeline.command_option import CommandOption

TODAY = CommandTable(
    "today",
    "What today has cost so far, and which limit needs attention first.",
    (CommandOption(("--json",), "As JSON.", bool, stored_as="as_json"),),
)
