"""Global options may stand anywhere on the command line, not only before the command."""

from __future__ import annotations

GLOBAL_OPTIONS = ("--ledger", "--config", "--color", "--lang")


def hoisted(arguments: list[str]) -> list[str]:
    """The arguments with the global options, and their values, moved to the front."""
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
