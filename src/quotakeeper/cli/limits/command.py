"""`quotakeeper limits`: see the limits, and change them in the config file."""

from __future__ import annotations

import json
from collections.abc import Mapping

from quotakeeper.app.limits_file import LimitsFile, check_installed
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import table_lines
from quotakeeper.config import file_to_edit, load_settings
from quotakeeper.config.limit_tables import checked_zone
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.units import amount_from_units, meter_named, units_text
from quotakeeper.domain.usage import check_label
from quotakeeper.domain.windows import parse_window
from quotakeeper.errors import ConfigError, InvalidInputError
from quotakeeper.schemas import Schema


def run_list(session: context.CommandContext, *, as_json: bool) -> int:
    """Print the limits in force and where they are written."""
    settings = session.settings()
    origin = settings.origins.get("limits", "default")
    if as_json:
        record = {
            "schema": Schema.LIMITS,
            "origin": origin,
            "limits": [_record(limit) for limit in settings.limits],
        }
        console.say(json.dumps(record, indent=2))
        return exit_codes.OK
    words, lang = session.words, session.lang
    if not settings.limits:
        console.say(words("No limits are set. See: quotakeeper limits set --help"))
        return exit_codes.OK
    header = ["LIMIT", "PROVIDER", "FOR", "AMOUNT", "WINDOW", "MODE", "TIME ZONE"]
    rows = [
        [
            limit.name,
            limit.provider or words("any"),
            _what_for(limit) or "-",
            figures.with_unit(limit.amount, limit.meter_info, lang),
            str(limit.window),
            str(limit.mode),
            limit.timezone,
        ]
        for limit in settings.limits
    ]
    lines = table_lines(
        [words(text) for text in header], rows, right=frozenset({3}), width=console.width(),
        ellipsis=session.glyphs.ellipsis,
    )  # fmt: skip
    for line in lines:
        console.say(line)
    console.say(words("from: {origin}", origin=words(origin)))
    return exit_codes.OK


def run_set(session: context.CommandContext, name: str, changes: Mapping[str, str]) -> int:
    """Make or change a limit in the config file."""
    name = check_label(name.strip(), "NAME")
    _check(session, name, changes)
    file = _opened(session)
    is_new = file.set(name, changes)
    file.save()
    words = session.words
    _tell_of_defaults(file, session)
    text = "limit {name!r} made in {file}" if is_new else "limit {name!r} changed in {file}"
    console.tell(words(text, name=name, file=file.path))
    return exit_codes.OK


def run_remove(session: context.CommandContext, name: str) -> int:
    """Take a limit out of the config file."""
    name = check_label(name.strip(), "NAME")
    file = _opened(session)
    file.remove(name)
    file.save()
    _tell_of_defaults(file, session)
    console.tell(session.words("limit {name!r} taken out of {file}", name=name, file=file.path))
    return exit_codes.OK


def _opened(session: context.CommandContext) -> LimitsFile:
    check_installed()
    path = file_to_edit(session.config)
    settings = session.settings() if path.is_file() else load_settings(session.ledger, {})
    return LimitsFile(path, settings)


def _tell_of_defaults(file: LimitsFile, session: context.CommandContext) -> None:
    if file.copied_defaults:
        text = "the default limits are now written out in that file, so that they still hold"
        console.tell(session.words(text))


def _check(session: context.CommandContext, name: str, changes: Mapping[str, str]) -> None:
    """What was typed wrong is a usage error, before any file is touched."""
    if not changes:
        raise InvalidInputError(
            "limits set", "says no change", "give --amount, --window, --mode ..."
        )
    meter_name = changes.get("meter")
    if meter_name is None:
        path = file_to_edit(session.config)
        known = session.settings().limits if path.is_file() else load_settings(config={}).limits
        meter_name = next((x.meter for x in known if x.name.casefold() == name.casefold()), None)
    if "window" in changes:
        parse_window(changes["window"], "--window")
    if "amount" in changes and meter_name is not None:
        amount_from_units(changes["amount"], meter_named(meter_name, "--meter"), "--amount")
    if "timezone" in changes:
        try:
            checked_zone(changes["timezone"])
        except ConfigError as error:
            raise InvalidInputError("--timezone", error.problem, error.fix) from None
    missing = [key for key in ("meter", "window", "amount") if key not in changes]
    if meter_name is None and missing:
        options = " ".join(f"--{key}" for key in missing)
        raise InvalidInputError(
            "limits set", f"{name!r} would be a new limit and needs {options}", "give them too"
        )


def _record(limit: Limit) -> dict[str, object]:
    return {
        "name": limit.name,
        "provider": limit.provider,
        "model": limit.model,
        "operation": limit.operation,
        "scope": dict(limit.scope),
        "meter": limit.meter,
        "unit": limit.meter_info.unit,
        "window": str(limit.window),
        "amount": units_text(limit.amount, limit.meter_info),
        "mode": str(limit.mode),
        "timezone": limit.timezone,
        "thresholds": [f"{each:f}" for each in limit.thresholds],
    }


def _what_for(limit: Limit) -> str:
    scope = " ".join(f"{name}={value}" for name, value in limit.scope)
    return " ".join(each for each in (limit.model, limit.operation, scope) if each)
