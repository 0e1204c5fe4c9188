"""The options of `quotakeeper run`."""

from __future__ import annotations

import click

from quotakeeper.cli.context import CommandContext
from quotakeeper.config.run_environment import ON_LIMIT_WORDS


@click.command(context_settings={"allow_interspersed_args": False, "ignore_unknown_options": False})
@click.option(
    "--on-limit",
    type=click.Choice(ON_LIMIT_WORDS),
    help="What passing a hard limit does: stop the call, only warn, or wait until it fits.",
)
@click.option("--project", metavar="NAME", help="The label `project` for every call.")
@click.option(
    "--tag", "tags", multiple=True, metavar="NAME=VALUE", help="A label for every call; repeatable."
)
@click.option(
    "--summary",
    type=click.Choice(("auto", "off")),
    default="auto",
    show_default=True,
    help="A few lines on stderr at the end, or none.",
)
@click.option("--json", "json_file", metavar="FILE", help="Write what was used to this file.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_obj
def run(session: CommandContext, on_limit: str | None, project: str | None, tags: tuple[str, ...],
        summary: str, json_file: str | None, command: tuple[str, ...]) -> int:  # fmt: skip
    """Run a program as it is, with every call to a known provider metered and capped."""
    from quotakeeper.cli.run.command import RunOptions, run_run

    return run_run(session, RunOptions(command, on_limit, project, tags, summary, json_file))
