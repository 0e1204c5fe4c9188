"""Global options may stand anywhere on the command line, not only before the command."""

from __future__ import annotations

from quotakeeper.config.terminal import LANGUAGES

GLOBAL_OPTIONS = ("--ledger", "--config", "--color", "--lang")
RUN = "run"
RUN_OPTIONS = ("--on-limit", "--project", "--tag", "--summary", "--json")  # each with a value


def hoisted(arguments: list[str]) -> list[str]:
    """The arguments with the global options, and their values, moved to the front.

    What `run` starts has options of its own: they stay where they are, after a `--`.
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
        elif argument in GLOBAL_OPTIONS:
            front += [argument, *(value for value in (next(remaining, None),) if value is not None)]
        elif argument.startswith(tuple(f"{name}=" for name in GLOBAL_OPTIONS)):
            front.append(argument)
        else:
            rest.append(argument)
    return front + rest


def asked_language(arguments: list[str]) -> str | None:
    """The language that `--lang` asks for, before the arguments are parsed; None if it does not."""
    for argument, value in zip(arguments, [*arguments[1:], ""], strict=False):
        if argument == "--lang":
            return value if value in LANGUAGES else None
        if argument.startswith("--lang="):
            return argument.removeprefix("--lang=")
    return None


def _program_start(arguments: list[str]) -> int | None:
    """Where the program that `run` starts begins; None for any other command."""
    is_run, is_value = False, False
    for index, argument in enumerate(arguments):
        if is_value:
            is_value = False
        elif argument == "--":
            return index + 1 if is_run and index + 1 < len(arguments) else None
        elif argument.startswith("-"):
            is_value = argument in (*GLOBAL_OPTIONS, *RUN_OPTIONS)
        elif is_run:
            return index
        elif argument == RUN:
            is_run = True
        else:
            return None
    return None
