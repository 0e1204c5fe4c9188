"""The click command `translate`. Its parameters come from the pipeline's option table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from quotakeeper.cli.click_options import click_settings
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text.words import Words
from quotakeeper.pipeline import option_table
from quotakeeper.pipeline.command_option import GENERAL, CommandOption


class TranslateOption(click.Option):
    """A click option with the name of its section in the help."""

    def __init__(self, option: CommandOption) -> None:
        self.group = option.group
        super().__init__(**click_settings(option))


class TranslateCommand(click.Command):
    """A click command whose help has sections for option groups, environment variables and exit codes."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options to the help text, with a section for each option group."""
        words = _words_of(ctx)
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and isinstance(param, click.Option):
                group = getattr(param, "group", GENERAL)
                sections.setdefault(group, []).append(record)
        for title, records in sections.items():
            with formatter.section(words(title)):
                formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the environment variables, the exit codes and the examples to the help text."""
        words = _words_of(ctx)
        for title, rows in option_table.SECTIONS:
            with formatter.section(words(title)):
                formatter.write_dl([(term, words(text)) for term, text in rows])
        super().format_epilog(ctx, formatter)


def _words_of(ctx: click.Context) -> Words:
    return ctx.obj.words if isinstance(ctx.obj, CommandContext) else Words("en")


@click.pass_obj
def _translate(session: CommandContext, /, **given: Any) -> int:
    from quotakeeper.cli.translate.command import run_translate

    return run_translate(session, given)


translate = TranslateCommand(
    "translate",
    callback=_translate,
    help=f"{option_table.SUMMARY}\n\n{option_table.DETAILS}",
    params=[
        click.Argument(
            [option_table.INPUTS],
            nargs=-1,
            required=True,
            type=click.Path(path_type=Path),
            metavar=f"{option_table.INPUTS_METAVAR}...",
        ),
        *map(TranslateOption, option_table.OPTIONS),
    ],
)
