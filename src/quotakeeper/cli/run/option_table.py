"""Name, summary and options of the command `run`."""

from __future__ import annotations

from quotakeeper.cli.command_table import CommandTable
from quotakeeper.config.run_environment import ON_LIMIT_WORDS
from quotakeeper.pipeline.command_option import CommandOption

RUN = CommandTable(
    "run",
    "Run a program unchanged; count its calls to known providers and apply your limits.",
    (
        CommandOption(
            ("--on-limit",),
            "For a call that would exceed a hard limit: refuse it (raise, stop), wait, lower its "
            "output cap to fit (clamp), or only warn.",
            choices=tuple(ON_LIMIT_WORDS),
        ),
        CommandOption(
            ("--on-busy",),
            "What happens to a call that fits only after other running calls end: wait for them, "
            "or refuse the call.",
            choices=("wait", "refuse"),
        ),
        CommandOption(
            ("--busy-seconds",), "Longest wait with --on-busy wait, in seconds.", metavar="SECONDS"
        ),
        CommandOption(
            ("--wait-seconds",), "Longest wait with --on-limit wait, in seconds.", metavar="SECONDS"
        ),
        CommandOption(
            ("--hold",),
            "What is reserved for a call: the most that it can use (worst_case), or the p99 "
            "of similar calls (typical).",
            choices=("worst_case", "typical"),
        ),
        CommandOption(
            ("--clamp-least",), (
                "With --on-limit clamp: refuse a call if fewer output tokens than this are left."
            ),
            metavar="TOKENS",
        ),
        CommandOption(("--project",), "Value of the label `project` for every call.", metavar="NAME"),
        CommandOption(
            ("--tag",), "A label for every call; repeatable.", metavar="NAME=VALUE",
            is_repeatable=True, stored_as="tags",
        ),
        CommandOption(
            ("--summary",), "Print a summary on stderr at the end (auto), or none (off).",
            choices=("auto", "off"), default="auto",
        ),
        CommandOption(
            ("--strict",),
            "End with exit code 6 if some calls were perhaps not counted.", kind=bool,
        ),
        CommandOption(
            ("--json",), "Write the usage of the run to this file, as JSON.",
            metavar="FILE", stored_as="json_file",
        ),
    ),
)  # fmt: skip
