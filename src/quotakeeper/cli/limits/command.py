"""Runs `quotakeeper limits list`, `set` and `remove`: shows limits or changes them in the config file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from quotakeeper.app.limit_checks import UnusedName, unused_names
from quotakeeper.app.limits_file import LimitsFile, check_installed, check_limit
from quotakeeper.app.records.limits import limits_record
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.limits.view import limits_lines, unused_lines
from quotakeeper.config import Settings, file_to_edit, load_settings
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.usage import check_label
from quotakeeper.errors import InvalidInputError
from quotakeeper.wiring import check_limits, known_names


def run_list(session: context.CommandContext, *, as_json: bool) -> int:
    """Print the limits in force, and where they were configured. Returns the exit code."""
    settings = session.settings()
    check_limits(settings)
    if as_json:
        console.say(json.dumps(limits_record(settings), indent=2))
    else:
        for line in limits_lines(settings, session, console.width()):
            console.say(line)
    for line in unused_lines(_unused(session, settings, settings.limits), session):
        console.tell(line)
    return exit_codes.OK


def run_set(session: context.CommandContext, name: str, changes: Mapping[str, object]) -> int:
    """Create or change the limit `name` in the config file. Returns the exit code."""
    name = check_label(name.strip(), "NAME")
    _check(session, name, changes)
    file = _opened(session)
    is_new = file.set(name, changes)
    settings = file.settings
    try:
        known_names(settings).check_limit(file.limit(name))
    except InvalidInputError as error:
        raise InvalidInputError(f"--{error.field}", error.problem, error.fix) from None
    file.save()
    words = session.words
    for line in unused_lines(_unused(session, settings, [file.limit(name)]), session):
        console.tell(line)
    _tell_of_defaults(file, session)
    text = "limit {name!r} made in {file}" if is_new else "limit {name!r} changed in {file}"
    console.tell(words(text, name=name, file=file.path))
    return exit_codes.OK


def _unused(
    session: context.CommandContext, settings: Settings, limits: Sequence[Limit]
) -> list[UnusedName]:
    return unused_names(settings, limits, lambda: context.open_keeper(session))


def run_remove(session: context.CommandContext, name: str) -> int:
    """Remove the limit `name` from the config file. Returns the exit code."""
    name = check_label(name.strip(), "NAME")
    file = _opened(session)
    file.remove(name)
    file.save()
    _tell_of_defaults(file, session)
    console.tell(session.words("limit {name!r} removed from {file}", name=name, file=file.path))
    return exit_codes.OK


def _opened(session: context.CommandContext) -> LimitsFile:
    check_installed()
    path = file_to_edit(session.config)
    settings = session.settings() if path.is_file() else load_settings(session.ledger, {})
    return LimitsFile(path, settings)


def _tell_of_defaults(file: LimitsFile, session: context.CommandContext) -> None:
    if file.copied_defaults:
        text = "the default limits were also written to that file, so that they continue to apply"
        console.tell(session.words(text))


def _check(session: context.CommandContext, name: str, changes: Mapping[str, object]) -> None:
    """Raise InvalidInputError if the arguments are invalid. No file is changed before this check."""
    if not changes:
        raise InvalidInputError(
            "limits set", "no change is given", "give --amount, --window, --mode ..."
        )
    known: Sequence[Limit] = ()
    if "meter" not in changes:  # an existing limit supplies the meter
        path = file_to_edit(session.config)
        known = (session.settings() if path.is_file() else load_settings(config={})).limits
    missing = check_limit(name, changes, known, prefix="--")
    if missing:
        options = " ".join(f"--{key}" for key in missing)
        raise InvalidInputError(
            "limits set",
            f"{name!r} would be a new limit and needs {options}",
            "give these options too",
        )
