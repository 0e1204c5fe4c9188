"""Runs `quotakeeper completion`: builds a shell script from the current commands and options."""

from __future__ import annotations

from collections.abc import Iterator

import click

from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.completion.scripts import SCRIPTS, Completed, CompletedOption

_FILES = frozenset({"FILE", "PATH", "FOLDER", "FOLDER...", "FILES"})


def run_completion(session: context.CommandContext, shell: str, root: click.Context) -> int:
    """Print the completion script for `shell`. Returns the exit code.

    When the shell completes a word, it uses only this script and does not start Python.
    """
    for line in SCRIPTS[shell](list(_commands(root.command, root, ""))):
        console.say(line)
    return exit_codes.OK


def _commands(command: click.Command, root: click.Context, path: str) -> Iterator[Completed]:
    """Yield a command, then its subcommands and their subcommands."""
    names = command.list_commands(root) if isinstance(command, click.Group) else []
    options = [_option(each) for each in command.params if isinstance(each, click.Option)]
    options.append(CompletedOption(("--help",), root.command.name or ""))
    first = (command.help or "").partition("\n")[0].strip()
    yield Completed(path, first, tuple(names), tuple(options))
    for name in names:
        found = command.get_command(root, name) if isinstance(command, click.Group) else None
        if found is not None:
            yield from _commands(found, root, f"{path} {name}".strip())


def _option(option: click.Option) -> CompletedOption:
    choices = option.type.choices if isinstance(option.type, click.Choice) else ()
    takes_value = not option.is_flag
    is_file = takes_value and (
        isinstance(option.type, click.Path) or (option.metavar or "") in _FILES
    )
    return CompletedOption(
        tuple(option.opts), option.help or "", takes_value, tuple(map(str, choices)), is_file
    )
