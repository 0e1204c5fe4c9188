"""The click command `quotakeeper doctor` and its options."""

from __future__ import annotations

import click

from quotakeeper.cli.context import CommandContext
from quotakeeper.errors import InvalidInputError


@click.command()
@click.option("--accept-clock", is_flag=True,
              help=(
                  "Confirm that the clock is right although it jumped ahead; hard limits then "
                  "admit calls again."
              ))  # fmt: skip
@click.option(
    "--repair-clock", is_flag=True,
    help="Show how far the ledger's time is ahead of the clock; with --yes, set the times of the "
         "future entries to now.",
)  # fmt: skip
@click.option(
    "--yes",
    is_flag=True,
    help=("With --repair-clock: copy the ledger, then set the times of the future entries to now."),
)
@click.option(
    "--why", metavar="TEXT", default="", help=("The reason, which is stored in the journal.")
)
@click.option(
    "--keys", "with_keys", is_flag=True,
    help="Test each API key that is set, with one free request per key; keys are never shown.",
)  # fmt: skip
@click.option("--paths", is_flag=True, help="List every file that quotakeeper writes.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def doctor(  # noqa: PLR0913 - one for each option
    session: CommandContext, accept_clock: bool, repair_clock: bool, yes: bool, why: str,
    with_keys: bool, paths: bool, as_json: bool,
) -> int:  # fmt: skip
    """Check the whole set-up, and say what to fix."""
    _check_alone({"--accept-clock": accept_clock, "--repair-clock": repair_clock,
                  "--keys": with_keys, "--paths": paths})  # fmt: skip
    if (yes and not repair_clock) or (why and not (accept_clock or repair_clock)):
        option = "--yes" if yes else "--why"
        raise InvalidInputError(
            option, "has no effect without --repair-clock", "give --repair-clock with it"
        )
    if accept_clock or repair_clock:
        from quotakeeper.cli.doctor.clock import run_accept, run_repair

        if accept_clock:
            return run_accept(session, why, as_json=as_json)
        return run_repair(session, why, yes=yes, as_json=as_json)
    from quotakeeper.cli.doctor.command import run_doctor, run_paths

    if paths:
        return run_paths(session, as_json=as_json)
    return run_doctor(session, as_json=as_json, with_keys=with_keys)


def _check_alone(given: dict[str, bool]) -> None:
    """Raise InvalidInputError if more than one of these flags is given."""
    chosen = [flag for flag, is_given in given.items() if is_given]
    if chosen == ["--accept-clock", "--repair-clock"]:
        fix = (
            "first accept the clock, if it is right; then repair the ledger, if its time is "
            "ahead of the clock"
        )
        raise InvalidInputError("--accept-clock", "cannot be used with --repair-clock", fix)
    if len(chosen) > 1:
        raise InvalidInputError(chosen[0], f"cannot be used with {chosen[1]}", "give one at a time")
