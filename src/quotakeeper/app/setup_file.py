"""Writes the first config file: the time zone, a daily budget, and the names of the API key variables."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from quotakeeper.app.records.atomic_file import write_file
from quotakeeper.config import Settings, load_settings
from quotakeeper.config.key_names import USUAL_NAMES, is_variable_name
from quotakeeper.config.limit_tables import checked_zone
from quotakeeper.config.toml_reader import parse_toml
from quotakeeper.domain.units import METERS, amount_from_units, units_text
from quotakeeper.errors import ConfigError, InvalidInputError
from quotakeeper.value_classes import dataclass, field

BUDGET_NAME = "daily budget"
_COST = METERS["cost"]
_ALONE = {"QUOTAKEEPER_LEDGER": "memory:"}  # the check must not open a real ledger


@dataclass(frozen=True, slots=True)
class SetupChoices:
    """The user's answers. `budget` is US dollars per day, or "" for no budget.

    `key_names` maps a provider to the environment variable with its API key.
    """

    timezone: str
    budget: str = ""
    key_names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WrittenSetup:
    """The new config file and its settings. `replaced` is the backup of the old file, or ""."""

    file: Path
    replaced: str
    settings: Settings


def zone_choice(text: str) -> str:
    """Check the name of a time zone, and return it. Raises InvalidInputError if the zone is unknown."""
    try:
        return checked_zone(text.strip())
    except (ConfigError, InvalidInputError) as error:
        raise InvalidInputError("--zone", error.problem, error.fix) from None


def budget_choice(text: str) -> str:
    """Check a budget in US dollars, and return it as decimal text.

    Returns "" for "", "0" and "none", which mean no budget. Raises InvalidInputError.
    """
    cleaned = text.strip().removeprefix("$")
    if cleaned in ("", "0", "none"):
        return ""
    return units_text(amount_from_units(cleaned, _COST, "--budget"), _COST)


def key_choice(provider: str, name: str) -> str:
    """Check the name of an environment variable for a provider's key, and return it.

    Raises InvalidInputError. The error does not repeat an invalid name, because the user may have
    typed a key.
    """
    if provider not in USUAL_NAMES:
        problem = f"{provider[:40]!r} is not a provider whose key quotakeeper can use"
        raise InvalidInputError("--key", problem, f"one of: {', '.join(USUAL_NAMES)}")
    if not is_variable_name(name.strip()):
        example = f"--key {provider}={USUAL_NAMES[provider][-1]}"
        raise InvalidInputError(
            "--key", "the text after = is not the name of an environment variable (A-Z, 0-9 and _)",
            f"give the name of the variable, not the key: {example}",
        )  # fmt: skip
    return name.strip()


HEADING = "# Settings of quotakeeper. Each value and its origin: quotakeeper config show --origin"
ZONE_COMMENT = "# Daily limits reset at midnight in this time zone."
DEFAULTS_COMMENT = "# The built-in limits of Gemini and Deepgram apply in addition to your own."
KEYS_COMMENT = "# The variables that hold the API keys. The keys stay in the environment."
BUDGET_COMMENT = (
    "# US dollars a day, for all providers together. A call that would exceed it is refused."
)


def config_text(choices: SetupChoices, words: Callable[[str], str] = str) -> str:
    """Return the text of the config file, with a comment above each part. `words` translates the
    comments."""
    lines = [
        words(HEADING),
        "",
        words(ZONE_COMMENT),
        f"timezone = {_quoted(choices.timezone)}",
        "",
        words(DEFAULTS_COMMENT),
        "default_limits = true",
    ]
    if choices.key_names:
        lines += ["", words(KEYS_COMMENT), "[keys]"]
        lines += [f"{name} = {_quoted(value)}" for name, value in choices.key_names.items()]
    if choices.budget:
        lines += [
            "",
            words(BUDGET_COMMENT),
            "[[limit]]",
            f"name = {_quoted(BUDGET_NAME)}",
            'meter = "cost"',
            'window = "day"',
            f"amount = {_quoted(choices.budget)}",
            'mode = "hard"',
        ]
    return "\n".join(lines) + "\n"


def check_free(file: Path, *, force: bool) -> None:
    """Raise InvalidInputError if the file exists and `force` is False."""
    if os.path.lexists(file) and not force:
        fix = "change it with quotakeeper limits set, or replace it with --force"
        raise InvalidInputError("init", f"{file} already exists", fix)


def write_setup(
    file: Path, choices: SetupChoices, *, force: bool = False, words: Callable[[str], str] = str
) -> WrittenSetup:
    """Write the config file, readable only by its owner. With `force`, an old file is renamed to
    `<file>.bak`.

    Raises InvalidInputError if the file exists and `force` is False, or if the file cannot be
    written.
    """
    check_free(file, force=force)
    text = config_text(choices, words)
    settings = load_settings(config=parse_toml(text, str(file)), environ=_ALONE)
    replaced = ""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if file.exists():
            replaced = f"{file}.bak"
            os.replace(file, replaced)
        write_file(file, lambda stream: stream.write(text))
    except OSError as error:
        problem = f"{file} cannot be written: {error.strerror or error}"
        raise InvalidInputError("init", problem, "choose another file with --config") from error
    return WrittenSetup(file, replaced, settings)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
