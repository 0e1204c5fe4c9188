"""What both command lines know of the commands: their names, summaries and options."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from pkgutil import iter_modules

from quotakeeper.pipeline.command_option import CommandOption
from quotakeeper.value_classes import dataclass

# In the order of the help text: the day, running, looking, the ledger, setting up. Others come behind.
ORDER = (
    "today", "run", "pause", "resume", "translate", "status", "statusline", "watch", "report",
    "events", "export", "verify", "backup", "compact", "forget", "reconcile", "limits", "prices",
    "plan", "estimate", "tokens", "init", "doctor", "config", "completion", "sandbox",
)  # fmt: skip
_NO_COMMANDS = {"text", "views"}


@cache
def command_names() -> tuple[str, ...]:
    """The commands: one for each folder beside this file, in the order of the help text."""
    modules = iter_modules([str(Path(__file__).parent)])
    found = {each.name for each in modules if each.ispkg} - _NO_COMMANDS
    return (*(name for name in ORDER if name in found), *sorted(found.difference(ORDER)))


@dataclass(frozen=True, slots=True)
class CommandTable:
    """One command. Its arguments beside the options are the matter of each command line."""

    name: str
    summary: str
    options: tuple[CommandOption, ...] = ()
