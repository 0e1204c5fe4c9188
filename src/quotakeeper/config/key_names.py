"""The table [keys]: the environment variable that holds the API key of each provider.

A config file holds only the names of variables. The keys themselves are in the environment.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from quotakeeper.errors import ConfigError

KEYS = "keys"
# For a provider that is not in [keys]. The first of these variables that is set holds the key.
USUAL_NAMES: Mapping[str, tuple[str, ...]] = {
    "gemini": ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
    "deepgram": ("DEEPGRAM_API_KEY",),
    "openai": ("OPENAI_API_KEY",),
    "anthropic": ("ANTHROPIC_API_KEY",),
}
_NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,127}")


def read_key_names(value: object, shown: str) -> dict[str, str]:
    """Return the environment variable of each provider in the table [keys]; {} without the table.

    Raises ConfigError. The message does not repeat a value that is not a variable name, because
    such a value may be a key.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ConfigError(f"{shown}: {KEYS}", "is not a table", "write it as [keys]")
    found: dict[str, str] = {}
    for provider, name in value.items():
        where = f"{shown}: {KEYS}.{str(provider)[:60]}"
        if provider not in USUAL_NAMES:
            fix = f"one of: {', '.join(USUAL_NAMES)}"
            raise ConfigError(where, "is not a provider whose key quotakeeper can use", fix)
        if not is_variable_name(name):
            usual = USUAL_NAMES[provider][-1]
            raise ConfigError(
                where, "is not the name of an environment variable (A-Z, 0-9 and _)",
                f'write its name, like {provider} = "{usual}"; the key stays in the environment',
            )  # fmt: skip
        found[provider] = name
    return found


def is_variable_name(name: object) -> bool:
    """Return whether a value can be the name of an environment variable, and so cannot be a key."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def names_for(provider: str, own: Mapping[str, str]) -> tuple[str, ...]:
    """Return the variables that may hold a provider's key, in the order in which to try them.

    `own` is the table [keys].
    """
    return (own[provider],) if provider in own else USUAL_NAMES[provider]


def key_for(
    provider: str, own: Mapping[str, str], environ: Mapping[str, str] | None = None
) -> tuple[str, str]:
    """Return the variable that holds a provider's key, and the key; ("", "") if no variable is set.

    `own` is the table [keys].
    """
    environment = os.environ if environ is None else environ
    for name in names_for(provider, own):
        key = environment.get(name, "").strip()
        if key:
            return name, key
    return "", ""


def with_usual_names(environ: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """Return a copy of the environment in which each API key is in its provider's usual variable.

    `own` is the table [keys]: it names the variable that each key is in now. The other usual
    variables of these providers are removed.
    """
    changed = dict(environ)
    for provider, name in own.items():
        for usual in USUAL_NAMES[provider]:
            changed.pop(usual, None)
        if environ.get(name):
            changed[USUAL_NAMES[provider][0]] = environ[name]
    return changed
