"""Runs `quotakeeper plan`: prints what media files will cost, and on which day each file fits."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path

from quotakeeper.app.planning.days import Plan
from quotakeeper.app.planning.planner import PlanRequest, make_plan, media_of
from quotakeeper.app.planning.record import plan_record
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.plan.view import plan_lines
from quotakeeper.errors import InvalidInputError
from quotakeeper.pipeline.finished_files import finished_operations


def run_plan(
    session: context.CommandContext, folders: Sequence[str], request: PlanRequest, *,
    as_json: bool = False, check: bool = False, again: bool = False, out: Path | None = None,
) -> int:  # fmt: skip
    """Print the plan. Nothing is sent or written. Returns 0, or with `check` the code of `code_for`.

    Files that `translate` has finished are left out, unless `again` is True. `out` is the folder
    where `translate` wrote the outputs; None means beside each file.
    """

    def finished(path: Path) -> Collection[str]:
        return () if again else finished_operations(path, out)

    found = media_of(folders)
    with context.open_existing(session) as keeper:
        made = make_plan(keeper, found, request, finished)
    if as_json:
        console.say(json.dumps(plan_record(made), indent=2))
    else:
        for line in plan_lines(made, session, console.width()):
            console.say(line)
    return code_for(made) if check else exit_codes.OK


def code_for(made: Plan) -> int:
    """Return 3 if a file has no day in the plan, 4 if a file must wait for a later day, else 0."""
    if made.schedule.impossible or made.schedule.beyond:
        return exit_codes.OVER
    return exit_codes.OK if made.today == len(made.files) else exit_codes.WARNING


def labels_of(tags: Sequence[str]) -> dict[str, str]:
    """Parse labels in the form NAME=VALUE. Raises InvalidInputError if a label has another form."""
    labels: dict[str, str] = {}
    for tag in tags:
        name, equals, value = tag.partition("=")
        if not equals or not name:
            raise InvalidInputError(
                "--tag", f"{tag[:60]!r} is not NAME=VALUE", ("write it like team=phim")
            )
        labels[name] = value
    return labels
