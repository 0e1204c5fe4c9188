"""Name, summary and options of the command `resume`."""

from __future__ import annotations

from quotakeeper.cli.command_table import CommandTable
from quotakeeper.pipeline.command_option import CommandOption

RESUME = CommandTable(
    "resume",
    "Let calls out again that were paused.",
    (
        CommandOption(("--provider",), "The provider whose pause to end; every pause, if not given."),
        CommandOption(("--why",), "The reason, for the journal.", metavar="TEXT"),
        CommandOption(("--json",), "As JSON.", bool, stored_as="as_json"),
    ),
)  # fmt: skip
