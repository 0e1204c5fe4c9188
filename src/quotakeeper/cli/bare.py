"""The command line for installations without the extra `cli`. Arguments are parsed with argparse.

The commands in `BARE` have the same options as in `app`. A command's module is imported only when
the command runs, because a shell runs `statusline` at every prompt.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NoReturn

from quotakeeper import __version__
from quotakeeper.cli.arguments import GLOBAL, asked_language, command_of, hoisted, with_command
from quotakeeper.cli.command_table import CommandTable, command_names
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.examples import example_lines
from quotakeeper.cli.exit_codes import report
from quotakeeper.cli.running import guarded
from quotakeeper.cli.text.library_words import speaking
from quotakeeper.cli.text.words import Words
from quotakeeper.config.terminal import language
from quotakeeper.errors import MissingExtraError
from quotakeeper.pipeline.command_option import add_option, values_of

RUN, TRANSLATE, EXPORT = "run", "translate", "export"
_DESCRIPTION = (
    "Counts what an AI pipeline spends while it runs, and stops the pipeline before it exceeds a "
    "limit."
)
_EPILOG = (
    "All other commands (watch, report, limits, prices, ...) need three small packages. In the clone: "
    'pip install ".[cli]"'
)
Command = Callable[[CommandContext, argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command of `BARE` and return its exit code."""
    arguments, program = _apart(with_command(hoisted(list(argv or ()))))
    words = Words(asked_language(arguments) or language())
    return guarded(lambda: _run_command(arguments, program, words), words)


class _NotUnderstoodError(Exception):
    """The parser cannot read the arguments."""


class _SilentParser(argparse.ArgumentParser):
    """A parser that prints nothing. `--help` and `--version` are errors for it, too."""

    def error(self, message: str) -> NoReturn:
        raise _NotUnderstoodError(message)


def run_if_understood(argv: Sequence[str]) -> int | None:
    """Run a command of `BARE` and return its exit code.

    Returns None, and prints nothing, if argparse cannot read the arguments or if they ask for help.
    """
    arguments, program = _apart(with_command(hoisted(list(argv))))
    name = command_of(arguments)
    if name == RUN and not program:
        return None
    words = Words(asked_language(arguments) or language())
    try:
        parser = _SilentParser(prog="quotakeeper", allow_abbrev=False, add_help=False)
        _add_global(parser, words)
        commands = parser.add_subparsers(dest="command", required=True)
        _add_options(
            commands.add_parser(str(name), add_help=False, allow_abbrev=False), name, words
        )
        found = parser.parse_args(arguments)
    except (_NotUnderstoodError, argparse.ArgumentError):
        return None
    found.program = program
    return guarded(lambda: _carried_out(found), words)


def _carried_out(found: argparse.Namespace) -> int:
    session = CommandContext(
        found.ledger, found.config, found.color or "auto", found.lang or language()
    )
    return BARE[found.command](session, found)


def _run_command(arguments: list[str], program: tuple[str, ...], words: Words) -> int:
    name = command_of(arguments)
    if name is not None and name not in BARE and name in _with_packages():
        return report(MissingExtraError("cli", f"the command {name!r}"), words)
    try:
        with speaking(words.lang, "argparse"):
            found = _parser(words, only=name).parse_args(arguments)
    except SystemExit as end:  # argparse has already printed the help or the error
        return int(end.code or 0)
    found.program = program
    return _carried_out(found)


def _with_packages() -> set[str]:
    """Return the names of the commands that need the packages of the extra `cli`."""
    return set(command_names()) - BARE.keys()


def _apart(arguments: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """Split the arguments at `--`: the arguments for quotakeeper, and the command line of the
    program to run."""
    if RUN not in arguments or "--" not in arguments:
        return arguments, ()
    start = arguments.index("--")
    return arguments[:start], tuple(arguments[start + 1 :])


def _run(session: CommandContext, found: argparse.Namespace) -> int:
    from quotakeeper.cli.run.command import RunOptions, run_run

    return run_run(session, RunOptions(found.program, **values_of(found, _table(RUN).options)))


def _translate(session: CommandContext, found: argparse.Namespace) -> int:
    from quotakeeper.cli.translate.command import run_translate

    return run_translate(session, vars(found))


def _export(session: CommandContext, found: argparse.Namespace) -> int:
    from quotakeeper.cli.export.command import ExportOptions, run_export

    return run_export(session, ExportOptions(**values_of(found, _table(EXPORT).options)))


def _by_name(name: str) -> Command:
    """Return a function that runs the command `name`: it calls `run_NAME` of the package `cli.NAME`."""

    def command(session: CommandContext, found: argparse.Namespace) -> int:
        function = getattr(import_module(f"quotakeeper.cli.{name}.command"), f"run_{name}")
        code: int = function(session, **values_of(found, _table(name).options))
        return code

    return command


# In the order of the help text.
BARE: dict[str, Command] = {
    RUN: _run,
    "pause": _by_name("pause"),
    "resume": _by_name("resume"),
    TRANSLATE: _translate,
    **{name: _by_name(name) for name in ("today", "status", "statusline")},
    EXPORT: _export,
    **{name: _by_name(name) for name in ("verify", "backup", "forget", "init")},
}


def _table(name: str) -> CommandTable:
    module = import_module(f"quotakeeper.cli.{name}.option_table")
    table: CommandTable = getattr(module, name.upper())
    return table


def _parser(words: Words, *, only: str | None = None) -> argparse.ArgumentParser:
    """Return the parser of all commands in `BARE`, or only of the command `only`."""
    parser = argparse.ArgumentParser(
        prog="quotakeeper",
        description=words(_DESCRIPTION),
        epilog=words(_EPILOG),
        allow_abbrev=False,
    )
    _add_global(parser, words)
    parser.add_argument("--version", action="version", version=f"quotakeeper, version {__version__}",
                        help=words("Show the version and exit."))  # fmt: skip
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in [only] if only in BARE else BARE:
        _add_command(commands, str(name), words)
    return parser


def _add_global(parser: argparse.ArgumentParser, words: Words) -> None:
    for option in GLOBAL:
        add_option(parser, option, words)


def _add_options(parser: argparse.ArgumentParser, name: str | None, words: Words) -> None:
    for option in _table(str(name)).options:
        add_option(parser, option, words)


def _add_command(commands: Any, name: str, words: Words) -> None:
    if name == TRANSLATE:
        from quotakeeper.pipeline.option_table import SUMMARY, add_arguments

        parser: argparse.ArgumentParser = commands.add_parser(TRANSLATE, help=words(SUMMARY))
        add_arguments(parser, words)
        parser.epilog = "\n\n".join([str(parser.epilog), "\n".join(example_lines(name, words))])
        return
    table = _table(name)
    text = words(table.summary)
    parser = commands.add_parser(
        name, help=text, description=text, epilog="\n".join(example_lines(name, words)),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    if name == RUN:
        parser.usage = words("quotakeeper run [options] -- PROGRAM [ARGUMENTS]")
    _add_options(parser, name, words)
