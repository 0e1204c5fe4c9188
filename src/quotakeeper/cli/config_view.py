"""`quotakeeper config show`: every setting, its value, and where it came from."""

from __future__ import annotations

import json
import re

from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.text.table import table_lines
from quotakeeper.config.settings import CHOICES, Settings, variable_of

_PASSWORD = re.compile(r"(?<=://)[^/@\s]+@")
_NAMES = (
    "ledger",
    "timezone",
    *(choice.name for choice in CHOICES),
    "lease",
    "warn_at",
    "price_files",
    "limits",
)


def run_show(session: context.CommandContext, *, origin: bool, as_json: bool) -> int:
    """Print all settings."""
    settings = session.settings()
    values = shown_values(settings)
    if as_json:
        record = {
            "schema": 1,
            "config_file": None if settings.config_file is None else str(settings.config_file),
            "settings": {
                name: {"value": value, "origin": settings.origins.get(name, "default")}
                for name, value in values.items()
            },
        }
        console.say(json.dumps(record, indent=2))
        return exit_codes.OK
    words = session.words
    header = [words("SETTING"), words("VALUE")] + ([words("FROM")] if origin else [])
    rows = []
    for name, value in values.items():
        text = ", ".join(value) if isinstance(value, list) else value
        row = [name, text or "-"]
        rows.append([*row, words(settings.origins.get(name, "default"))] if origin else row)
    width = max(console.width(), 160 if origin else 0)  # a path that was cut would be of no use
    for line in table_lines(header, rows, width=width, ellipsis=session.glyphs.ellipsis):
        console.say(line)
    if origin:
        place = settings.config_file or words("none; the defaults hold")
        console.say(words("config file: {file}", file=place))
        example = variable_of("durability")
        console.say(words("each may be set by its variable, like {variable}", variable=example))
    return exit_codes.OK


def shown_values(settings: Settings) -> dict[str, str | list[str]]:
    """The settings as text; a password in a URL is not shown."""
    values: dict[str, str | list[str]] = {}
    for name in _NAMES:
        if name == "limits":
            values[name] = [limit.name for limit in settings.limits]
        elif name == "price_files":
            values[name] = [str(file) for file in settings.price_files]
        elif name == "ledger":
            values[name] = redacted(settings.ledger)
        else:
            values[name] = str(getattr(settings, name))
    return values


def redacted(url: str) -> str:
    """A URL without the user and password in it."""
    return _PASSWORD.sub("***@", url)
