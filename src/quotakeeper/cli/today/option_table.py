"""Name, summary and options of the command `today`."""

from __future__ import annotations

from quotakeeper.cli.command_table import CommandTable
from quotakeeper.pipeline.command_option import CommandOption

TODAY = CommandTable(
    "today",
    "Show today's cost so far, and the limit that needs attention first.",
    (CommandOption(("--json",), "As JSON.", bool, stored_as="as_json"),),
)
