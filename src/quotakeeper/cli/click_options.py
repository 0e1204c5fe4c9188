"""Converts the options of a command table to click options."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from quotakeeper.pipeline.command_option import CommandOption

Command = TypeVar("Command", bound=Callable[..., Any])


def with_options(*options: CommandOption) -> Callable[[Command], Command]:
    """Return a decorator that adds these options to the function of a click command."""

    def decorate(function: Command) -> Command:
        for option in reversed(options):
            settings = click_settings(option)
            function = click.option(*settings.pop("param_decls"), **settings)(function)
        return function

    return decorate


def click_settings(option: CommandOption) -> dict[str, Any]:
    """Return the keyword arguments for `click.Option`."""
    settings: dict[str, Any] = {"param_decls": [*option.flags, option.name], "help": option.help}
    if not option.takes_value:
        return {**settings, "is_flag": True, "default": False}
    return {
        **settings,
        "type": _type_of(option),
        "metavar": option.metavar or None,
        "multiple": option.is_repeatable,
        "default": () if option.is_repeatable else option.default,
        "show_default": option.default is not None,
    }


def _type_of(option: CommandOption) -> Any:
    if option.choices:
        return click.Choice(option.choices)
    return click.Path(path_type=Path) if option.kind is Path else option.kind
