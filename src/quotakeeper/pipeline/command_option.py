"""The description of one command option, from which argparse and click options are made.

Imports only the standard library, so that a command line can print its help quickly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from quotakeeper.value_classes import dataclass

if TYPE_CHECKING:
    import argparse

GENERAL = "Options"


@dataclass(frozen=True, slots=True)
class CommandOption:
    """One option of a command. If `kind` is bool, the option takes no value.

    If `is_repeatable`, the option can be given several times. `stored_as` is the name of the value,
    or "" for the name of the long flag.
    """

    flags: tuple[str, ...]
    help: str
    kind: type = str
    metavar: str = ""
    default: Any = None
    is_repeatable: bool = False
    group: str = GENERAL
    choices: tuple[str, ...] = ()
    stored_as: str = ""

    @property
    def name(self) -> str:
        """The name of the value: `stored_as`, or the last flag without dashes."""
        return self.stored_as or self.flags[-1].removeprefix("--").replace("-", "_")

    @property
    def takes_value(self) -> bool:
        """Whether the option takes a value."""
        return self.kind is not bool


def add_option(
    parser: Any, option: CommandOption, words: Callable[[str], str] = str
) -> None:  # fmt: skip
    """Add an option to an argparse parser or group. `words` translates the help text."""
    parser.add_argument(*option.flags, dest=option.name, **_settings(option, words))


def values_of(found: argparse.Namespace, options: tuple[CommandOption, ...]) -> dict[str, Any]:
    """Return the parsed values of `options` by name. The values of a repeatable option are a tuple."""
    values = {option.name: getattr(found, option.name) for option in options}
    return {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}


def _settings(option: CommandOption, words: Callable[[str], str]) -> dict[str, Any]:
    text = words(option.help)
    if not option.takes_value:
        return {"action": "store_true", "help": text}
    given: dict[str, Any] = {"type": option.kind, "metavar": option.metavar or None}
    if option.choices:
        given["choices"] = option.choices
    if option.is_repeatable:
        return {**given, "action": "append", "default": [], "help": text}
    if option.default is not None:
        text += " [default: %(default)s]"
    return {**given, "default": option.default, "help": text}
