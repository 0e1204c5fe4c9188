"""Name, summary and options of the command `pause`."""

from __future__ import annotations

from quotakeeper.cli.command_table import CommandTable
from quotakeeper.pipeline.command_option import CommandOption

PAUSE = CommandTable(
    "pause",
    "Stop the calls of every process that uses the ledger.",
    (
        CommandOption(("--provider",), "Stop only calls to this provider; default: all providers."),
        CommandOption(
            ("--for",), 'Length of the pause, such as "2h"; default: until quotakeeper resume.',
            metavar="SPAN",
            stored_as="for_span",
        ),
        CommandOption(("--why",), "The reason; each refused call shows it.", metavar="TEXT"),
        CommandOption(("--json",), "As JSON.", bool, stored_as="as_json"),
    ),
)  # fmt: skip
