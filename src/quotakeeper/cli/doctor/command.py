"""Runs `quotakeeper doctor`: checks the whole set-up and prints the findings."""

from __future__ import annotations

import json

from quotakeeper.app.diagnostics import diagnose, diagnosis_record
from quotakeeper.app.key_trials import TryKey
from quotakeeper.app.written_files import paths_record, written_files
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.doctor.view import path_lines
from quotakeeper.cli.views.findings import finding_lines


def run_paths(session: context.CommandContext, *, as_json: bool) -> int:
    """Print every file that quotakeeper writes. Returns the exit code."""
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
    """Check the set-up. Returns exit code 78 for an invalid config, 1 for another failure, else 0.

    With `with_keys`, one free request is sent for each API key that is set.
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
