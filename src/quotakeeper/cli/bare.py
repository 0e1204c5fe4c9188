"""The commands that need nothing installed (`BARE`); flags as in the full CLI."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from quotakeeper.app.records import FORMATS
from quotakeeper.cli.arguments import RUN, asked_language, hoisted
from quotakeeper.cli.context import COLOUR_CHOICES, CommandContext
from quotakeeper.cli.exit_codes import report
from quotakeeper.cli.export.command import ExportOptions, run_export
from quotakeeper.cli.running import guarded
from quotakeeper.cli.status.command import run_status
from quotakeeper.cli.text.words import Words
from quotakeeper.cli.verify.command import run_verify
from quotakeeper.config.run_environment import ON_LIMIT_WORDS
from quotakeeper.config.terminal import LANGUAGES, language
from quotakeeper.errors import MissingExtraError
from quotakeeper.pipeline.option_table import SUMMARY, add_arguments

# The commands of the full CLI; a test holds this to its list, which cannot be imported here.
WITH_PACKAGES = (
    "watch",
    "report",
    "events",
    "reconcile",
    "limits",
    "prices",
    "plan",
    "compact",
    "estimate",
    "tokens",
    "doctor",
    "config",
    "sandbox",
)
_EPILOG = (
    "All other commands (watch, report, limits, prices, ...) need three small packages: "
    'pip install "quotakeeper[cli]"'
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one of these commands and return its exit code."""
    arguments, program = _apart(hoisted(list(argv or ())))
    wanted = next((each for each in arguments if each in WITH_PACKAGES), None)
    if wanted is not None and not BARE.keys() & set(arguments):
        return report(MissingExtraError("cli", f"the command {wanted!r}"), Words(language()))
    try:
        words = Words(asked_language(arguments) or language())
        found = _parser(words).parse_args(arguments)
    except SystemExit as end:  # argparse has printed the help, or what is wrong
        return int(end.code or 0)
    found.program = program
    session = CommandContext(found.ledger, found.config, found.color, found.lang or language())
    return guarded(lambda: BARE[found.command](session, found), session.words)


def _apart(arguments: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """Our own arguments, and the program that `run` starts."""
    if RUN not in arguments or "--" not in arguments:
        return arguments, ()
    start = arguments.index("--")
    return arguments[:start], tuple(arguments[start + 1 :])


def _run(session: CommandContext, found: argparse.Namespace) -> int:
    from quotakeeper.cli.run.command import RunOptions, run_run

    return run_run(
        session,
        RunOptions(
            found.program, found.on_limit, found.project, tuple(found.tag), found.summary,
            found.json,
        ),
    )  # fmt: skip


def _translate(session: CommandContext, found: argparse.Namespace) -> int:
    from quotakeeper.cli.translate.command import run_translate

    return run_translate(session, vars(found))


def _status(session: CommandContext, found: argparse.Namespace) -> int:
    return run_status(session, as_json=found.json, check=found.check)


def _export(session: CommandContext, found: argparse.Namespace) -> int:
    options = ExportOptions(
        found.format, found.out, found.since, found.until, found.last, found.bom
    )
    return run_export(session, options)


def _verify(session: CommandContext, found: argparse.Namespace) -> int:
    return run_verify(session, as_json=found.json)


BARE: dict[str, Callable[[CommandContext, argparse.Namespace], int]] = {
    RUN: _run,
    "translate": _translate,
    "status": _status,
    "export": _export,
    "verify": _verify,
}


def _parser(words: Words) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="quotakeeper",
        description="Knows what an AI pipeline spends, and stops it before it passes a limit.",
        epilog=_EPILOG,
        allow_abbrev=False,
    )
    parser.add_argument("--ledger", metavar="PATH", help="the ledger: a path or a URL")
    parser.add_argument("--config", metavar="FILE", help="the config file")
    parser.add_argument("--color", choices=COLOUR_CHOICES, default="auto")
    parser.add_argument("--lang", choices=LANGUAGES)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser(RUN, help="run a program with its calls metered and capped")
    run.add_argument("--on-limit", choices=ON_LIMIT_WORDS, help="at a hard limit")
    run.add_argument("--project", metavar="NAME", help="the label `project` for every call")
    run.add_argument("--tag", action="append", default=[], metavar="NAME=VALUE")
    run.add_argument("--summary", choices=("auto", "off"), default="auto")
    run.add_argument("--json", metavar="FILE", help="write what was used to this file")
    run.usage = "quotakeeper run [options] -- PROGRAM [ARGUMENTS]"
    add_arguments(commands.add_parser("translate", help=SUMMARY), words)
    status = commands.add_parser("status", help="where every limit stands now")
    status.add_argument("--json", action="store_true", help="as JSON")
    status.add_argument("--check", action="store_true", help="exit 3 over a hard limit, 4 near one")
    export = commands.add_parser("export", help="every event, for other programs")
    export.add_argument("--format", choices=FORMATS, default="ndjson")
    export.add_argument("--out", metavar="FILE", help="write here instead of stdout")
    export.add_argument("--since", metavar="TIME", help="from this date or time on")
    export.add_argument(
        "--until", metavar="TIME", help="up to this time, or to the end of this date"
    )
    export.add_argument("--last", metavar="SPAN", help='the last "24h", "7d", ...')
    export.add_argument("--bom", action="store_true", help="CSV that Excel reads as UTF-8")
    verify = commands.add_parser("verify", help="check the ledger against its own journal")
    verify.add_argument("--json", action="store_true", help="as JSON")
    return parser
