"""Converts the settings in force to a JSON record without passwords."""

from __future__ import annotations

import re

from quotakeeper.app.records.amounts import rate_text
from quotakeeper.config.settings import CHOICES, WHOLE_NUMBERS, Settings
from quotakeeper.schemas import Schema

# A single letter before the colon is a Windows drive, not a URL scheme.
_URL = re.compile(r"(?is)([a-z][a-z0-9+.-]+:/*)(.*@)?(.*)")
_PARAMETERS = re.compile(r"(?i)\s*(host|hostaddr|port|dbname|user|password|service)\s*=")
# Hosts with ports, a database and parameters. Any other text in a URL may be part of a password.
_HOST = r"[\w.%\[\]-]*(:\d*)?"
_PLACE = re.compile(rf"{_HOST}(,{_HOST})*(/[\w.-]*)?(\?[\w.,/:%&=+-]*)?")
_NAMES = (
    "ledger",
    "ledger_group",
    "timezone",
    *(choice.name for choice in CHOICES),
    *(number.name for number in WHOLE_NUMBERS),
    "lease",
    "warn_at",
    "price_files",
    "quota_presets",
    "preset_files",
    "providers",
    "currency",
    "limits",
)


def settings_record(settings: Settings) -> dict[str, object]:
    """Return every setting with its value and where the value was set."""
    return {
        "schema": Schema.CONFIG,
        "config_file": None if settings.config_file is None else str(settings.config_file),
        "settings": {
            name: {"value": value, "origin": settings.origins.get(name, "default")}
            for name, value in shown_values(settings).items()
        },
    }


def shown_values(settings: Settings) -> dict[str, str | list[str]]:
    """Return the settings as text, without passwords in URLs."""
    values: dict[str, str | list[str]] = {}
    for name in _NAMES:
        if name == "limits":
            values[name] = [limit.name for limit in settings.limits]
        elif name in ("price_files", "preset_files", "quota_presets", "providers"):
            values[name] = [str(each) for each in getattr(settings, name)]
        elif name == "ledger":
            values[name] = redacted(settings.ledger)
        elif name == "currency":
            rate = settings.currency
            values[name] = "" if rate is None else rate_text(rate)
        else:
            values[name] = str(getattr(settings, name))
    return values


def redacted(url: str) -> str:
    """Return a URL with *** in place of the user name and password. A file path does not change.

    If the URL may contain a password elsewhere, only its scheme is shown.
    """
    found = _URL.fullmatch(url)
    if found is None or url.startswith("sqlite:"):
        return "***" if _PARAMETERS.match(url) else url
    scheme, user, place = found.groups()
    if not (_PLACE.fullmatch(place) and "password" not in place):
        return f"{scheme}***"
    return f"{scheme}***@{place}" if user else url
