"""Name, summary and options of the command `export`."""

from __future__ import annotations

from quotakeeper.app.records import FORMATS
from quotakeeper.cli.command_table import CommandTable
from quotakeeper.pipeline.command_option import CommandOption

XLSX = "xlsx"

EXPORT = CommandTable(
    "export",
    "Every event, for other programs.",
    (
        CommandOption(
            ("--format",), "The form to write.", choices=(*FORMATS, XLSX), default="ndjson",
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
            ("--excel",), "CSV for Excel: local times, and separators that your locale uses.", bool
        ),
        CommandOption(
            ("--separator",), "What parts the cells with --excel; by locale if not given.",
            choices=("comma", "semicolon"),
        ),
    ),
)  # fmt: skip
