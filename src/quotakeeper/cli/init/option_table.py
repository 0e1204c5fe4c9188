"""Name, summary and options of the command `init`."""

from __future__ import annotations

from quotakeeper.cli.command_table import CommandTable
from quotakeeper.pipeline.command_option import CommandOption

INIT = CommandTable(
    "init",
    "Write the config file: time zone, budget, and where the API keys are.",
    (
        CommandOption(
            ("--zone",), "The time zone whose midnight ends a day; this machine's, if not given.",
            metavar="NAME",
        ),
        CommandOption(
            ("--budget",), "The most to spend a day, in US dollars; 0 for no budget.",
            metavar="USD",
        ),
        CommandOption(
            ("--key",), "The variable that holds a provider's API key; repeatable.",
            metavar="PROVIDER=VARIABLE", is_repeatable=True, stored_as="keys",
        ),
        CommandOption(("--here",), "Write quotakeeper.toml in this folder.", bool),
        CommandOption(("--yes",), "Ask nothing; what is not given keeps its default.", bool),
        CommandOption(("--force",), "Replace the file; the old one is kept as .bak.", bool),
    ),
)  # fmt: skip
