"""Reads from the environment: the language of messages, number format, and use of colour."""

from __future__ import annotations

import os
from collections.abc import Mapping

LANGUAGES = ("en", "vi")


def language(environ: Mapping[str, str] | None = None) -> str:
    """Return the language of messages, "vi" or "en".

    It is taken from the first of QUOTAKEEPER_LANG, LC_ALL, LC_MESSAGES and LANG that is set.
    """
    environment = os.environ if environ is None else environ
    for variable in ("QUOTAKEEPER_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        text = environment.get(variable, "").lower()
        if text:
            return "vi" if text.startswith("vi") else "en"
    return "en"


def draws_screens(environ: Mapping[str, str] | None = None) -> bool:
    """Return whether the terminal can move its cursor: TERM is not "dumb"."""
    environment = os.environ if environ is None else environ
    return environment.get("TERM") != "dumb"


def wants_colour(choice: str, is_terminal: bool, environ: Mapping[str, str] | None = None) -> bool:
    """Return whether to use colour.

    `choice` is the value of `--color`: "always", "never" or "auto". With "auto", NO_COLOR disables
    colour. Otherwise FORCE_COLOR or CLICOLOR_FORCE enables colour. Without these variables, colour
    is used on a terminal that can move its cursor.
    """
    environment = os.environ if environ is None else environ
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR") or environment.get("CLICOLOR_FORCE", "0") != "0":
        return True
    return is_terminal and draws_screens(environment)


# Languages whose spreadsheets write 1,5 for one and a half, and separate cells by semicolons.
_COMMA_LANGUAGES = frozenset((
    "bg", "ca", "cs", "da", "de", "el", "es", "et", "eu", "fi", "fr", "gl", "hr", "hu", "id", "is",
    "it", "lt", "lv", "nb", "nl", "nn", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sq", "sr", "sv",
    "tr", "uk", "vi",
))  # fmt: skip


def writes_decimal_comma(lang: str, environ: Mapping[str, str] | None = None) -> bool:
    """Return whether spreadsheets in the user's locale write a comma before decimals.

    The locale is the first of LC_ALL, LC_NUMERIC and LANG that is set. If none is set, or if it is
    "C" or "POSIX", the language of messages `lang` decides.
    """
    environment = os.environ if environ is None else environ
    for variable in ("LC_ALL", "LC_NUMERIC", "LANG"):
        name = environment.get(variable, "").partition(".")[0]
        if name:
            known = lang if name in ("C", "POSIX") else name.partition("_")[0].lower()
            return known in _COMMA_LANGUAGES
    return lang in _COMMA_LANGUAGES
