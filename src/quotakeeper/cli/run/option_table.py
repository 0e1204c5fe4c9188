"""Name, summary and options of the command `run`."""

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
            "What passing a hard limit does: refuse the call (raise, stop), wait, "
            "clamp its output cap to what is left, or only warn.",
            choices=tuple(ON_LIMIT_WORDS),
        ),
        CommandOption(
            ("--on-busy",),
            "What happens where only calls under way hold the room: wait for them, or refuse.",
            choices=("wait", "refuse"),
        ),
        CommandOption(
            ("--busy-seconds",), "How long --on-busy wait waits at most.", metavar="SECONDS"
        ),
        CommandOption(
            ("--wait-seconds",), "How long --on-limit wait waits at most.", metavar="SECONDS"
        ),
        CommandOption(
            ("--hold",),
            "What is reserved for a call: the most it can use, or the p99 of calls like it.",
            choices=("worst_case", "typical"),
        ),
        CommandOption(
            ("--clamp-least",), "The output tokens below which --on-limit clamp refuses.",
            metavar="TOKENS",
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
            ("--strict",),
            "End with exit code 6 where not every call can have been counted.", kind=bool,
        ),
        CommandOption(
            ("--json",), "Write what was used to this file.", metavar="FILE", stored_as="json_file"
        ),
    ),
)  # fmt: skip
