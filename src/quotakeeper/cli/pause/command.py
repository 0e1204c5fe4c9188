"""Runs `quotakeeper pause`: stops the calls of every process that uses the ledger."""

from __future__ import annotations

import json

from quotakeeper.app.records.pauses import paused_record
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.text.times import parse_span
from quotakeeper.cli.views.pause_lines import pause_line
from quotakeeper.domain.windows import SECOND
from quotakeeper.errors import InvalidInputError


def run_pause(
    session: context.CommandContext, *, provider: str | None = None, for_span: str | None = None,
    why: str | None = None, as_json: bool = False,
) -> int:  # fmt: skip
    """Pause the calls to `provider` (None: all providers) and print the pause. Returns the exit code."""
    if not (why or "").strip():
        fix = 'give it in a few words, such as --why "a runaway loop"'
        raise InvalidInputError("--why", "is missing", fix)
    seconds = None if for_span is None else parse_span(for_span, "--for") // SECOND
    context.check_ledger_is_there(session)
    with context.open_keeper(session) as keeper:
        pause = keeper.pause(provider or "", why=why or "", for_seconds=seconds)
        zone = keeper.zone
    if as_json:
        console.say(json.dumps(paused_record(pause), indent=2))
    else:
        console.tell(pause_line(pause, pause.at, zone, session))
        console.tell(session.words("undo it with: {command}", command=pause.undone_by))
    return exit_codes.OK
