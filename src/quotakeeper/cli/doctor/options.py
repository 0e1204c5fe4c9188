"""The options of `quotakeeper doctor`."""

from __future__ import annotations

import click

from quotakeeper.cli.context import CommandContext
from quotakeeper.errors import InvalidInputError


@click.command()
@click.option("--accept-clock", is_flag=True,
              help="The clock jumped ahead, and it is right: let hard limits admit calls again.")  # fmt: skip
@click.option(
    "--repair-clock", is_flag=True,
    help="Show how far a wrong clock has carried the ledger ahead; with --yes, set it back.",
)  # fmt: skip
@click.option("--yes", is_flag=True, help="With --repair-clock: copy the ledger, and set it back.")
@click.option("--why", metavar="TEXT", default="", help="The reason, for the journal.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def doctor(
    session: CommandContext, accept_clock: bool, repair_clock: bool, yes: bool, why: str,
    as_json: bool,
) -> int:  # fmt: skip
    """The whole set-up at a glance, and what is wrong with it."""
    if accept_clock and repair_clock:
        fix = "accept the clock if it is right; then repair the ledger if it is ahead of it"
        raise InvalidInputError("--accept-clock", "does not go with --repair-clock", fix)
    if (yes and not repair_clock) or (why and not (accept_clock or repair_clock)):
        option = "--yes" if yes else "--why"
        raise InvalidInputError(option, "says nothing by itself", "give --repair-clock with it")
    if accept_clock or repair_clock:
        from quotakeeper.cli.doctor.clock import run_accept, run_repair

        if accept_clock:
            return run_accept(session, why, as_json=as_json)
        return run_repair(session, why, yes=yes, as_json=as_json)
    from quotakeeper.cli.doctor.command import run_doctor

    return run_doctor(session, as_json=as_json)
