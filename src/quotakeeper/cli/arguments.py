"""Moves global options to the front, so that they are allowed before and after the command."""

from __future__ import annotations

from quotakeeper.cli.context import COLOUR_CHOICES
from quotakeeper.cli.run.option_table import RUN
from quotakeeper.config.terminal import LANGUAGES
from quotakeeper.pipeline.command_option import CommandOption

GLOBAL = (
    CommandOption(("--ledger",), "The ledger: a path or a URL.", metavar="PATH"),
    CommandOption(("--config",), "The config file.", metavar="FILE"),
    CommandOption(("--color",), "Colour the output.", choices=COLOUR_CHOICES),
    CommandOption(("--lang",), "Language of messages.", choices=tuple(LANGUAGES)),
)
GLOBAL_FLAGS = tuple(flag for option in GLOBAL for flag in option.flags)
VERSION = "--version"
_HELP = ("-h", "--help")
_WITH_VALUE = tuple(f"{name}=" for name in GLOBAL_FLAGS)
# The command that runs if the arguments contain no command.
USUAL_COMMAND = "today"
_FLAGS_WITH_VALUE = frozenset(
    flag for option in (*GLOBAL, *RUN.options) if option.takes_value for flag in option.flags
)


def hoisted(arguments: list[str]) -> list[str]:
    """Return the arguments with the global options and their values moved to the front.

    Arguments of the program that `run` starts do not move. In the result, `--` separates the
    program from the options.
    """
    start = _program_start(arguments)
    if start is not None:
        own = arguments[: start - 1] if arguments[start - 1] == "--" else arguments[:start]
        return [*hoisted(own), "--", *arguments[start:]]
    front: list[str] = []
    rest: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--":
            rest += [argument, *remaining]
        elif argument in GLOBAL_FLAGS:
            front += [argument, *(value for value in (next(remaining, None),) if value is not None)]
        elif argument == VERSION or argument.startswith(_WITH_VALUE):
            front.append(argument)
        else:
            rest.append(argument)
    return front + rest


def command_of(arguments: list[str]) -> str | None:
    """Return the command named in the arguments, or None if no command is named.

    `arguments` is a result of `hoisted`.
    """
    remaining = iter(arguments)
    for argument in remaining:
        if argument in GLOBAL_FLAGS:
            next(remaining, None)
        elif argument == "--" or not argument.startswith("-"):
            return None if argument == "--" else argument
    return None


def with_command(arguments: list[str]) -> list[str]:
    """Append the default command if the arguments contain no command.

    `arguments` is a result of `hoisted`. Arguments with `--help`, `--version` or `--` do not
    change.
    """
    if command_of(arguments) is not None or {*_HELP, VERSION, "--"} & set(arguments):
        return arguments
    return [*arguments, USUAL_COMMAND]


def asked_language(arguments: list[str]) -> str | None:
    """Return the value of `--lang`, or None if the option is not given.

    Call this before the arguments are parsed. `arguments` is a result of `hoisted`. Arguments after
    `--` belong to another program and are ignored.
    """
    for argument, value in zip(arguments, [*arguments[1:], ""], strict=False):
        if argument == "--":
            return None
        if argument == "--lang":
            return value if value in LANGUAGES else None
        if argument.startswith("--lang="):
            return argument.removeprefix("--lang=")
    return None


def _program_start(arguments: list[str]) -> int | None:
    """Return the index of the first argument of the program that `run` starts; None for other commands."""
    is_run, is_value = False, False
    for index, argument in enumerate(arguments):
        if is_value:
            is_value = False
        elif argument == "--":
            return index + 1 if is_run and index + 1 < len(arguments) else None
        elif argument.startswith("-"):
            is_value = argument in _FLAGS_WITH_VALUE
        elif is_run:
            return index
        elif argument == RUN.name:
            is_run = True
        else:
            return None
    return None
