"""Name, summary and options of the command `pause`."""

from __future__ import annotations

from quotakeeper.cli.command_table import CommandTable
from quotakeeper.pipeline.command_option import CommandOption

PAUSE = CommandTable(
    "pause",
    "Stop the calls of every process on the ledger.",
    (
        CommandOption(("--provider",), "The provider to stop calls to; all, if not given."),
        CommandOption(
            ("--for",), 'For how long, like "2h"; until resume, if not given.', metavar="SPAN",
            stored_as="for_span",
        ),
        CommandOption(("--why",), "The reason; every refused call shows it.", metavar="TEXT"),
        CommandOption(("--json",), "As JSON.", bool, stored_as="as_json"),
    ),
)  # fmt: skip
