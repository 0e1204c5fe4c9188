"""Name, summary and options of the command `export`."""

from __future__ import annotations

from quotakeeper.app.records import FORMATS
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
        CommandOption(("--out",), "Write here instead of stdout.", metavar="FILE"),
        CommandOption(("--since",), "From this date or time on.", metavar="TIME"),
        CommandOption(
            ("--until",), "Up to this time, or to the end of this date.", metavar="TIME"
        ),
        CommandOption(("--last",), 'The last "24h", "7d", ...', metavar="SPAN"),
        CommandOption(("--bom",), "CSV that Excel reads as UTF-8.", bool, stored_as="mark"),
        CommandOption(
            ("--excel",), "CSV for Excel: local times, and the separators of your locale.", bool
        ),
        CommandOption(
            ("--separator",), "Separator of cells with --excel; default: that of your locale.",
            choices=("comma", "semicolon"),
        ),
    ),
)  # fmt: skip
