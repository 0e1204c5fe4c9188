"""Name, summary and options of the command `export`."""

from __future__ import annotations

from quotakeeper.app.records.events import FORMATS
from quotakeeper.cli.command_table import CommandTable
from quotakeeper.pipeline.command_option import CommandOption

XLSX = "xlsx"

EXPORT = CommandTable(
    "export",
    "Write all calls to a file or to stdout, for other programs.",
    (
        CommandOption(
            ("--format",), "Output format.", choices=(*FORMATS, XLSX), default="ndjson",
            stored_as="form",
        ),
        CommandOption(("--out",), "Write to this file, not to stdout.", metavar="FILE"),
        CommandOption(("--since",), "Start at this date or time.", metavar="TIME"),
        CommandOption(
            ("--until",), "End at this time, or at the end of this date.", metavar="TIME"
        ),
        CommandOption(("--last",), 'The last "24h", "7d", ...', metavar="SPAN"),
        CommandOption(("--bom",), "CSV that Excel reads as UTF-8.", bool, stored_as="mark"),
        CommandOption(
            ("--excel",), "CSV for Excel: local times, and the separators of your locale.", bool
        ),
        CommandOption(
            ("--separator",), "Separator between cells with --excel; default: the separator of "
                              "your locale.",
            choices=("comma", "semicolon"),
        ),
    ),
)  # fmt: skip
