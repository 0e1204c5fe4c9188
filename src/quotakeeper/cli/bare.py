"""The commands that need nothing installed (`BARE`); flags as in the full CLI."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

from quotakeeper.cli.arguments import GLOBAL, asked_language, hoisted
from quotakeeper.cli.command_table import CommandTable, command_names
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.exit_codes import report
from quotakeeper.cli.export.command import ExportOptions, run_export
from quotakeeper.cli.export.option_table import EXPORT
from quotakeeper.cli.pause.command import run_pause
from quotakeeper.cli.pause.option_table import PAUSE
from quotakeeper.cli.resume.command import run_resume
from quotakeeper.cli.resume.option_table import RESUME
from quotakeeper.cli.run.option_table import RUN
from quotakeeper.cli.running import guarded
from quotakeeper.cli.status.command import run_status
from quotakeeper.cli.status.option_table import STATUS
from quotakeeper.cli.text.words import Words
from quotakeeper.cli.verify.command import run_verify
from quotakeeper.cli.verify.option_table import VERIFY
from quotakeeper.config.terminal import language
from quotakeeper.errors import MissingExtraError
from quotakeeper.pipeline.command_option import add_option, values_of
from quotakeeper.pipeline.option_table import SUMMARY, add_arguments

_EPILOG = (
    "All other commands (watch, report, limits, prices, ...) need three small packages: "
    'pip install "quotakeeper[cli]"'
)


def _with_packages() -> set[str]:
    """The commands of the full command line that need its packages."""
    return set(command_names()) - BARE.keys()


def main(argv: Sequence[str] | None = None) -> int:
    """Run one of these commands and return its exit code."""
    arguments, program = _apart(hoisted(list(argv or ())))
    wanted = next((each for each in arguments if each in _with_packages()), None)
    if wanted is not None and not BARE.keys() & set(arguments):
        return report(MissingExtraError("cli", f"the command {wanted!r}"), Words(language()))
    try:
        words = Words(asked_language(arguments) or language())
        found = _parser(words).parse_args(arguments)
    except SystemExit as end:  # argparse has printed the help, or what is wrong
        return int(end.code or 0)
    found.program = program
    session = CommandContext(
        found.ledger, found.config, found.color or "auto", found.lang or language()
    )
    return guarded(lambda: BARE[found.command](session, found), session.words)


def _apart(arguments: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """Our own arguments, and the program that `run` starts."""
    if RUN.name not in arguments or "--" not in arguments:
        return arguments, ()
    start = arguments.index("--")
    return arguments[:start], tuple(arguments[start + 1 :])


def _run(session: CommandContext, found: argparse.Namespace) -> int:
    from quotakeeper.cli.run.command import RunOptions, run_run

    return run_run(session, RunOptions(found.program, **values_of(found, RUN.options)))


def _translate(session: CommandContext, found: argparse.Namespace) -> int:
    from quotakeeper.cli.translate.command import run_translate

    return run_translate(session, vars(found))


def _status(session: CommandContext, found: argparse.Namespace) -> int:
    return run_status(session, **values_of(found, STATUS.options))


def _export(session: CommandContext, found: argparse.Namespace) -> int:
    return run_export(session, ExportOptions(**values_of(found, EXPORT.options)))


def _verify(session: CommandContext, found: argparse.Namespace) -> int:
    return run_verify(session, **values_of(found, VERIFY.options))


def _pause(session: CommandContext, found: argparse.Namespace) -> int:
    return run_pause(session, **values_of(found, PAUSE.options))


def _resume(session: CommandContext, found: argparse.Namespace) -> int:
    return run_resume(session, **values_of(found, RESUME.options))


TRANSLATE = "translate"
BARE: dict[str, Callable[[CommandContext, argparse.Namespace], int]] = {
    RUN.name: _run,
    TRANSLATE: _translate,
    STATUS.name: _status,
    EXPORT.name: _export,
    VERIFY.name: _verify,
    PAUSE.name: _pause,
    RESUME.name: _resume,
}


def _parser(words: Words) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="quotakeeper",
        description="Knows what an AI pipeline spends, and stops it before it passes a limit.",
        epilog=_EPILOG,
        allow_abbrev=False,
    )
    for option in GLOBAL:
        add_option(parser, option, words)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = _added(commands, RUN, words)
    run.usage = "quotakeeper run [options] -- PROGRAM [ARGUMENTS]"
    add_arguments(commands.add_parser(TRANSLATE, help=words(SUMMARY)), words)
    for table in (PAUSE, RESUME, STATUS, EXPORT, VERIFY):
        _added(commands, table, words)
    return parser


def _added(commands: Any, table: CommandTable, words: Words) -> argparse.ArgumentParser:
    text = words(table.summary)
    parser: argparse.ArgumentParser = commands.add_parser(table.name, help=text, description=text)
    for option in table.options:
        add_option(parser, option, words)
    return parser
