"""Runs `quotakeeper limits preset`: shows presets of provider limits, or writes a preset to the
config file."""

from __future__ import annotations

import json

from quotakeeper.app.limit_presets import write_preset
from quotakeeper.app.limits_file import LimitsFile, check_installed
from quotakeeper.app.records.quotas import preset_record, presets_record
from quotakeeper.catalogue.quota_presets import load_presets, preset_named
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.limits.preset_view import preset_lines, presets_lines
from quotakeeper.config import file_to_edit, load_settings
from quotakeeper.errors import InvalidInputError


def run_presets(session: context.CommandContext, *, write: bool, as_json: bool) -> int:
    """Print all presets. Returns the exit code.

    Raises InvalidInputError if `write` is True, because only a named preset can be written.
    """
    if write:
        raise InvalidInputError("NAME", "is missing", "give the name of the preset to save")
    settings = session.settings()
    presets = load_presets(settings.preset_files)
    if as_json:
        record = presets_record(presets.values(), settings.quota_presets)
        console.say(json.dumps(record, indent=2))
        return exit_codes.OK
    for line in presets_lines(presets, settings.quota_presets, session, console.width()):
        console.say(line)
    return exit_codes.OK


def run_preset(session: context.CommandContext, name: str, *, write: bool, as_json: bool) -> int:
    """Print the quotas of a preset. With `write`, add its limits to the config file. Returns the
    exit code."""
    path = file_to_edit(session.config)
    if write:
        check_installed()
    is_there = path.is_file() or not write
    settings = session.settings() if is_there else load_settings(session.ledger, {})
    preset = preset_named(name, load_presets(settings.preset_files), "NAME")
    made: list[str] = []
    file = None
    if write:
        file = LimitsFile(path, settings)
        made = write_preset(file, preset)
        file.save()
    if as_json:
        record = preset_record(preset, None if file is None else str(path))
        console.say(json.dumps(record, indent=2))
    else:
        for line in preset_lines(preset, session, console.width()):
            console.say(line)
    words = session.words
    if file is None:
        if not as_json:
            console.tell(
                words("the preset was only shown; use --write to save it to {file}", file=path)
            )
        return exit_codes.OK
    if file.copied_defaults:
        text = "the default limits were also written to that file, so that they continue to apply"
        console.tell(words(text))
    text = "preset {name!r}: {n} limits written to {file}; quotakeeper status shows them"
    console.tell(words(text, name=preset.name, n=len(made), file=path))
    return exit_codes.OK
