"""Name, summary and options of the command `init`."""

from __future__ import annotations

from quotakeeper.cli.command_table import CommandTable
from quotakeeper.pipeline.command_option import CommandOption

INIT = CommandTable(
    "init",
    "Write the config file: time zone, daily budget, and the variables of your API keys.",
    (
        CommandOption(
            ("--zone",), "Time zone that decides when a day ends; default: the time zone of this "
                         "machine.",
            metavar="NAME",
        ),
        CommandOption(
            ("--budget",), "Daily budget in US dollars; 0: no budget.",
            metavar="USD",
        ),
        CommandOption(
            ("--key",), "Environment variable that holds a provider's API key; repeatable.",
            metavar="PROVIDER=VARIABLE", is_repeatable=True, stored_as="keys",
        ),
        CommandOption(("--here",), "Write quotakeeper.toml in this folder.", bool),
        CommandOption(("--yes",), (
            "Ask no questions; for values that are not given, use the defaults."
        ), bool),
        CommandOption(("--force",), "Replace an existing file; the old one is kept as .bak.", bool),
    ),
)  # fmt: skip
