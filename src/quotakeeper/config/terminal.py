"""Reads the language of messages, and whether to use colour, from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping

LANGUAGES = ("en", "vi")


def language(environ: Mapping[str, str] | None = None) -> str:
    """Return "vi" if QUOTAKEEPER_LANG, else the locale, begins with vi; otherwise "en"."""
    environment = os.environ if environ is None else environ
    for variable in ("QUOTAKEEPER_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        text = environment.get(variable, "").lower()
        if text:
            return "vi" if text.startswith("vi") else "en"
    return "en"


def draws_screens(environ: Mapping[str, str] | None = None) -> bool:
    """Whether the terminal can move its cursor: TERM is not "dumb"."""
    environment = os.environ if environ is None else environ
    return environment.get("TERM") != "dumb"


def wants_colour(choice: str, is_terminal: bool, environ: Mapping[str, str] | None = None) -> bool:
    """Return whether to use colour: `--color` decides, then NO_COLOR, then FORCE_COLOR, then
    `is_terminal`.
    """
    environment = os.environ if environ is None else environ
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR") or environment.get("CLICOLOR_FORCE", "0") != "0":
        return True
    return is_terminal and draws_screens(environment)


# Languages whose spreadsheets write 1,5 for one and a half, and part cells by semicolons.
_COMMA_LANGUAGES = frozenset((
    "bg", "ca", "cs", "da", "de", "el", "es", "et", "eu", "fi", "fr", "gl", "hr", "hu", "id", "is",
    "it", "lt", "lv", "nb", "nl", "nn", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sq", "sr", "sv",
    "tr", "uk", "vi",
))  # fmt: skip


def writes_decimal_comma(lang: str, environ: Mapping[str, str] | None = None) -> bool:
    """Whether a spreadsheet here expects a comma before decimals, by the locale for numbers.

    If no locale is set, the language of messages decides.
    """
    environment = os.environ if environ is None else environ
    for variable in ("LC_ALL", "LC_NUMERIC", "LANG"):
        name = environment.get(variable, "").partition(".")[0]
        if name:
            known = lang if name in ("C", "POSIX") else name.partition("_")[0].lower()
            return known in _COMMA_LANGUAGES
    return lang in _COMMA_LANGUAGES
