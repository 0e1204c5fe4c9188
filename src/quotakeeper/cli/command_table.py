"""The names of all commands, and the class `CommandTable` that describes one command."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from pkgutil import iter_modules

from quotakeeper.pipeline.command_option import CommandOption
from quotakeeper.value_classes import dataclass

# The order of the help text: today, runs, views, the ledger, set-up. Unlisted commands come last.
ORDER = (
    "today", "run", "pause", "resume", "translate", "status", "statusline", "watch", "report",
    "events", "export", "metrics", "verify", "backup", "compact", "forget", "ledger", "leases",
    "reconcile", "limits", "keys", "alerts", "prices", "plan", "estimate", "tokens", "init", "doctor",
    "config", "completion", "dashboard", "serve", "sandbox",
)  # fmt: skip
_NO_COMMANDS = {"text", "views"}


@cache
def command_names() -> tuple[str, ...]:
    """Return the names of all commands, in the order of the help text.

    Every package in this folder except `text` and `views` is a command.
    """
    modules = iter_modules([str(Path(__file__).parent)])
    found = {each.name for each in modules if each.ispkg} - _NO_COMMANDS
    return (*(name for name in ORDER if name in found), *sorted(found.difference(ORDER)))


@dataclass(frozen=True, slots=True)
class CommandTable:
    """The name, summary and options of one command, for both command lines.

    Positional arguments are not included.
    """

    name: str
    summary: str
    options: tuple[CommandOption, ...] = ()
