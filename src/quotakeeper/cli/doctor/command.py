"""`quotakeeper doctor`: the whole set-up at a glance, and what is wrong with it."""

from __future__ import annotations

import json

from quotakeeper.app.diagnostics import diagnose, diagnosis_record
from quotakeeper.app.key_trials import TryKey
from quotakeeper.app.written_files import paths_record, written_files
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.doctor.view import finding_lines, path_lines


def run_paths(session: context.CommandContext, *, as_json: bool) -> int:
    """List every file that is written."""
    files = list(written_files(session.settings(), session.config))
    if as_json:
        console.say(json.dumps(paths_record(files), indent=2))
    else:
        for line in path_lines(files, session):
            console.say(line)
    return exit_codes.OK


def _key_caller() -> TryKey:
    from quotakeeper.cli.doctor.key_calls import try_key

    return try_key


def run_doctor(
    session: context.CommandContext, *, as_json: bool, with_keys: bool = False
) -> int:  # fmt: skip
    """Look at everything; the exit code is 78 for a bad config, 1 for anything else that fails.

    With `with_keys`, each API key that is set is tried with one free request.
    """
    found = diagnose(
        session.settings, lambda: context.open_keeper(session), _key_caller() if with_keys else None
    )  # fmt: skip
    if as_json:
        console.say(json.dumps(diagnosis_record(found), indent=2))
    else:
        for line in finding_lines(found.findings, session):
            console.say(line)
    if found.bad_config:
        return exit_codes.BAD_CONFIG
    return exit_codes.FAILURE if found.failed else exit_codes.OK
