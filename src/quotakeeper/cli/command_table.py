"""What both command lines know of a command: its name, its summary and its options."""

from __future__ import annotations

from dataclasses import dataclass

from quotakeeper.pipeline.command_option import CommandOption


@dataclass(frozen=True, slots=True)
class CommandTable:
    """One command. Its arguments beside the options are the matter of each command line."""

    name: str
    summary: str
    options: tuple[CommandOption, ...] = ()
