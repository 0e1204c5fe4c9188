"""The full command line, built with click.

A command's module is imported only when that command runs.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from importlib import import_module

import click

from quotakeeper import __version__
from quotakeeper.cli.arguments import GLOBAL, asked_language, hoisted, with_command
from quotakeeper.cli.click_options import with_options
from quotakeeper.cli.command_table import command_names
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.examples import example_lines
from quotakeeper.cli.exit_codes import INTERRUPTED, OK
from quotakeeper.cli.running import guarded
from quotakeeper.cli.text.library_words import speaking
from quotakeeper.cli.text.words import Words
from quotakeeper.config.terminal import language

# The names that click's help prints for an option's value when the option sets no `metavar`.
_KINDS = ("TEXT", "INTEGER", "FLOAT")
COMMANDS = {name: f"quotakeeper.cli.{name}.options:{name}" for name in command_names()}


class LazyGroup(click.Group):
    """The click group of all commands. A command's module is imported only when the command is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order of the help text."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command, with help in the chosen language. Returns None for an
        unknown command."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, attribute = place.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return shown(command, Words(_lang_of(ctx)), cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command in the arguments, as click does.

        For an unknown command, the error suggests the most similar name.
        """
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            words = Words(_lang_of(ctx))
            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = words("Did you mean {near!r}?", near=near[0]) if near else ""
            problem = words("No such command {name!r}.", name=args[0])
            ctx.fail(f"{problem} {hint}".rstrip())
        return super().resolve_command(ctx, args)


def _lang_of(ctx: click.Context) -> str:
    return ctx.obj.lang if isinstance(ctx.obj, CommandContext) else language()


def shown(command: click.Command, words: Words, path: str = "") -> click.Command:
    """Return a copy of a command with help in the chosen language and with examples.

    `path` is the full name of the command, such as `limits set`. The examples are chosen by this
    name.
    """
    copied = copy.copy(command)
    lines = example_lines(path, words)
    copied.epilog = "\n".join(["\b", *lines]) if lines else None
    if isinstance(copied, click.Group) and not isinstance(copied, LazyGroup):
        copied.commands = {
            name: shown(each, words, f"{path} {name}") for name, each in copied.commands.items()
        }
    if words.lang == "en":
        return copied
    copied.help = _by_paragraph(command.help, words)
    copied.params = [_with_help(param, words) for param in command.params]
    copied.options_metavar = words("[OPTIONS]")
    if isinstance(copied, click.Group):
        copied.subcommand_metavar = words("COMMAND [ARGS]...")
    return copied


def _by_paragraph(text: str | None, words: Words) -> str | None:
    if text is None:
        return None
    return "\n\n".join(words(" ".join(part.split())) for part in text.split("\n\n"))


def _with_help(param: click.Parameter, words: Words) -> click.Parameter:
    if not isinstance(param, click.Option) or not param.help:
        return param
    copied = copy.copy(param)
    copied.help = words(param.help)
    kind = param.type.name.upper()
    if param.metavar is None and kind in _KINDS:
        copied.metavar = words(kind)
    return copied


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@with_options(*GLOBAL)
@click.version_option(__version__, prog_name="quotakeeper")
@click.pass_context
def root(
    ctx: click.Context, ledger: str | None, config: str | None, color: str | None, lang: str | None
) -> None:
    """Counts what an AI pipeline spends while it runs, and stops the pipeline before it exceeds a
    limit."""
    ctx.obj = CommandContext(ledger, config, color or "auto", lang or _lang_of(ctx))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the full command line and return its exit code."""
    arguments = with_command(hoisted(list(argv or ())))
    lang = asked_language(arguments) or language()
    return guarded(lambda: _run(arguments, lang), Words(lang))


def _run(arguments: list[str], lang: str) -> int:
    with speaking(lang, "click"):
        return _invoked(arguments, lang)


def _invoked(arguments: list[str], lang: str) -> int:
    try:
        group = shown(root, Words(lang))
        with group.make_context("quotakeeper", arguments, obj=CommandContext(lang=lang)) as context:
            code = group.invoke(context)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.Abort:
        return INTERRUPTED
    return code if isinstance(code, int) else OK
