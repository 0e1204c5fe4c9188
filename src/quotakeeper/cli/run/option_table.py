"""run: its name, summary and options."""

from __future__ import annotations

from quotakeeper.cli.command_table import CommandTable
from quotakeeper.config.run_environment import ON_LIMIT_WORDS
from quotakeeper.pipeline.command_option import CommandOption

RUN = CommandTable(
    "run",
    "Run a program as it is, with every call to a known provider metered and capped.",
    (
        CommandOption(
            ("--on-limit",),
            "What passing a hard limit does: stop the call, only warn, or wait until it fits.",
            choices=tuple(ON_LIMIT_WORDS),
        ),
        CommandOption(("--project",), "The label `project` for every call.", metavar="NAME"),
        CommandOption(
            ("--tag",), "A label for every call; repeatable.", metavar="NAME=VALUE",
            is_repeatable=True, stored_as="tags",
        ),
        CommandOption(
            ("--summary",), "A few lines on stderr at the end, or none.",
            choices=("auto", "off"), default="auto",
        ),
        CommandOption(
            ("--json",), "Write what was used to this file.", metavar="FILE", stored_as="json_file"
        ),
    ),
)  # fmt: skip
