"""Runs `quotakeeper run`: starts a program, counts its calls to providers and applies limits."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path

from quotakeeper.app.ledger_changes import files_state
from quotakeeper.app.records.atomic_file import write_file
from quotakeeper.app.records.csv_text import visible
from quotakeeper.app.records.run import (
    PROJECT_LABEL,
    RUN_LABEL,
    RunOutcome,
    RunUsage,
    run_record,
    run_usage,
)
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.run.view import summary_lines
from quotakeeper.clocks import SystemClock
from quotakeeper.config.run_environment import meter_variables, own_environment
from quotakeeper.config.settings import Settings
from quotakeeper.domain.windows import SECOND
from quotakeeper.errors import InvalidInputError, QuotakeeperError
from quotakeeper.identifiers import new_id
from quotakeeper.launch import launcher, preflight
from quotakeeper.launch.notes import Notes, read_notes
from quotakeeper.value_classes import dataclass

_SHORT_SECONDS = 0.05
_MOST_TAGS = 12  # a call may have 16 labels; quotakeeper sets some of them
_OBSTACLES = {
    preflight.FLAG: (
        "{program} is started with {detail}, which disables the meter: its calls will not be "
        "counted"
    ),
    preflight.SHEBANG: (
        "the first line of {program} starts Python with {detail}, which disables the meter: "
        "its calls will not be counted"
    ),
    preflight.ENVIRONMENT: (
        "{program} clears the environment ({detail}): calls of the programs that it starts "
        "will not be counted"
    ),
    preflight.STATIC: "{program} is a static binary: only Python programs that it starts are counted",
}


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The program to run with its arguments, and the options of `run`.

    `tags` have the form NAME=VALUE.
    """

    command: tuple[str, ...]
    on_limit: str | None = None
    project: str | None = None
    tags: tuple[str, ...] = ()
    summary: str = "auto"
    json_file: str | None = None
    on_busy: str | None = None
    busy_seconds: str | None = None
    wait_seconds: str | None = None
    hold: str | None = None
    clamp_least: str | None = None
    strict: bool = False

    @property
    def policies(self) -> dict[str, str | None]:
        """The values of the options that decide what happens at a limit, by option name.

        `on_limit` is not included. None means that the option is not given.
        """
        names = ("on_busy", "busy_seconds", "wait_seconds", "hold", "clamp_least")
        return {name: getattr(self, name) for name in names}


def run_run(session: context.CommandContext, options: RunOptions) -> int:
    """Run a program until it ends, and print its usage. Returns the program's exit code.

    If a signal ended the program, this process ends by the same signal.
    """
    if not options.command:
        raise InvalidInputError("command", "is missing", "quotakeeper run -- python program.py")
    settings = session.settings()
    _check_config(settings)
    variables = meter_variables(settings, options.on_limit, options.policies)
    labels = _labels(options)
    _check_writable(options.json_file)
    environ = own_environment()
    _say_beforehand(session, options.command, settings, environ.get("PATH"))
    clock = SystemClock()
    started_at, began = clock.now(), clock.monotonic()
    labels[RUN_LABEL] = new_id(started_at)
    folder = Path(tempfile.mkdtemp(prefix="quotakeeper-run-"))
    before = files_state(settings)
    try:
        run = launcher.Run(
            options.command, environ, hooks=_hooked_modules(), notes=folder / "notes",
            variables=variables, tags=labels, hosts=_watched_hosts(),
        )  # fmt: skip
        ended = launcher.launch(run, _load_summary)
        notes = read_notes(run.notes)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if ended.error:
        return _not_started(session, options.command[0], ended)
    took_us = round((clock.monotonic() - began) * SECOND)
    outcome = RunOutcome(
        labels, started_at, took_us, ended.code, ended.signal, notes.metered, notes.refused,
        [(each.host, each.library, each.connections) for each in notes.unseen],
        [(each.program, each.reason, each.processes) for each in notes.children],
    )  # fmt: skip
    is_unchanged = before is not None and before == files_state(settings)
    usage = RunUsage() if is_unchanged else partial(_used, session, settings, outcome)
    _sum_up(session, options, outcome, notes, usage)
    code = _strict_code(session, options, ended, notes)
    sys.stderr.flush()
    return launcher.die_like(ended) or code


def _load_summary() -> None:
    """Import what the summary needs, while the program runs. A short program often needs nothing."""
    SystemClock().sleep(_SHORT_SECONDS)
    with suppress(Exception):  # the summary reports the error
        for name in ("keeper", "wiring", "stores.sqlite.store", "catalogue"):
            import_module(f"quotakeeper.{name}")


def _strict_code(
    session: context.CommandContext, options: RunOptions, ended: launcher.Ended, notes: Notes
) -> int:
    """Return exit code 6 if `--strict` is given, the program succeeded, and some calls may not be
    counted.

    Otherwise return 0.
    """
    if not options.strict or ended.code or not notes.has_gaps:
        return exit_codes.OK
    text = session.words("--strict: some calls were perhaps not counted (see above)")
    console.tell(f"quotakeeper: {text}")
    return exit_codes.UNSEEN


def _watched_hosts() -> tuple[str, ...]:
    """Return the host names of known providers, including those in the settings."""
    from quotakeeper.metering.watch_settings import read_watch_settings
    from quotakeeper.providers.directory import provider_hosts

    try:
        listed = tuple(read_watch_settings().known_hosts)
    except QuotakeeperError:  # the meter in the program reports the invalid settings
        listed = ()
    places = (each.partition("://")[2] or each for each in listed)
    return (*provider_hosts(), *(place.partition("/")[0].lower() for place in places))


def _hooked_modules() -> tuple[str, ...]:
    from quotakeeper.intercept.hooked_libraries import HOOKS

    return tuple(HOOKS)


def _labels(options: RunOptions) -> dict[str, str]:
    """Return the labels for every call of the run. Raises InvalidInputError for an invalid label."""
    labels = {}
    if options.project is not None:
        labels[PROJECT_LABEL] = options.project
    for tag in options.tags:
        name, separator, value = tag.partition("=")
        name = name.strip()
        if not separator or not name or not value:
            raise InvalidInputError(
                "--tag", f"{tag[:40]!r} is not a valid label", "write --tag team=subtitles"
            )
        if name == RUN_LABEL:
            raise InvalidInputError(
                "--tag", "'run' is the label of the run itself", "use another name"
            )
        labels[name] = value
    if len(labels) > _MOST_TAGS:
        raise InvalidInputError("--tag", f"there are more than {_MOST_TAGS}", "leave some out")
    for name, value in labels.items():
        if not value.strip() or not visible(name + value).isprintable():
            raise InvalidInputError(
                name, f"{value[:40]!r} is not a valid label", "write a short text"
            )
    return labels


def _check_writable(file: str | None) -> None:
    # Check the file before the program starts, because the program may run for an hour.
    if file is None:
        return
    folder = Path(file).absolute().parent
    if not folder.is_dir() or Path(file).is_dir() or not os.access(folder, os.W_OK):
        raise InvalidInputError(
            "--json", f"{file} cannot be written", "choose a file in a folder that belongs to you"
        )


def _check_config(settings: Settings) -> None:
    """Raise ConfigError if the configuration is invalid, before the program starts.

    With an invalid configuration, every call of the program would be refused.
    """
    from quotakeeper.wiring import check_limits

    if settings.price_files:
        from quotakeeper.catalogue import load_snapshot

        load_snapshot(settings.price_files)
    check_limits(settings)


def _say_beforehand(
    session: context.CommandContext, command: Sequence[str], settings: Settings, path: str | None
) -> None:
    words = session.words
    found = preflight.obstacle(command, path)
    if found is not None:
        text = words(_OBSTACLES[found.kind], program=visible(found.program), detail=found.detail)
        console.tell(f"quotakeeper: {text}")
        if found.kind in (preflight.FLAG, preflight.SHEBANG):
            advice = words("leave the flag out, or call quotakeeper.watch() in the program")
            console.tell(f"  {words('try')}: {advice}")
    if settings.ledger == "memory:":
        text = words(
            "a ledger in memory is lost when its process ends: this run will have no summary"
        )
        console.tell(f"quotakeeper: {text}")


def _not_started(session: context.CommandContext, program: str, ended: launcher.Ended) -> int:
    problem = "was not found" if ended.code == launcher.NOT_FOUND else "cannot be run"
    fix = "check its name and its permissions"
    exit_codes.report(InvalidInputError(visible(program), problem, fix), session.words)
    return ended.code


def _sum_up(
    session: context.CommandContext,
    options: RunOptions,
    outcome: RunOutcome,
    notes: Notes,
    usage: RunUsage | Callable[[], RunUsage],
) -> None:
    """Print the usage of the run, and write it to the file of `--json`.

    An error here does not change the exit code.
    """
    if options.summary == "off" and options.json_file is None:
        return
    try:
        used = usage if isinstance(usage, RunUsage) else usage()
        if options.summary != "off":
            for line in summary_lines(outcome, notes, used, session):
                console.tell(line)
        if options.json_file is not None:
            text = json.dumps(run_record(outcome, used), indent=2, ensure_ascii=False)
            write_file(Path(options.json_file), lambda stream: stream.write(text + "\n"))
    except QuotakeeperError as error:
        exit_codes.report(error, session.words)
    except OSError as error:
        console.tell(f"quotakeeper: {visible(str(error))}")


def _used(
    session: context.CommandContext, settings: Settings, outcome: RunOutcome
) -> RunUsage:  # fmt: skip
    from quotakeeper.wiring import is_on_server, ledger_path

    path = ledger_path(settings)
    is_there = is_on_server(settings) if path is None else path.exists()
    if not is_there:  # reading usage must not create a ledger
        return RunUsage()
    with context.open_keeper(session) as keeper:
        return run_usage(keeper, outcome.labels[RUN_LABEL], outcome.started_at)
