"""Name, summary and options of the command `resume`."""

from __future__ import annotations

from quotakeeper.cli.command_table import CommandTable
from quotakeeper.pipeline.command_option import CommandOption

RESUME = CommandTable(
    "resume",
    "End a pause, so that calls are sent again.",
    (
        CommandOption(("--provider",), "End only the pause of this provider; default: every "
                                       "pause."),
        CommandOption(("--why",), "The reason, which is stored in the journal.", metavar="TEXT"),
        CommandOption(("--json",), "As JSON.", bool, stored_as="as_json"),
    ),
)  # fmt: skip
