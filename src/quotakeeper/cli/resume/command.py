"""Runs `quotakeeper resume`: ends pauses, so that calls are admitted again."""

from __future__ import annotations

import json

from quotakeeper.app.records.pauses import resumed_record
from quotakeeper.cli import console, context, exit_codes


def run_resume(
    session: context.CommandContext, *, provider: str | None = None, why: str | None = None,
    as_json: bool = False,
) -> int:  # fmt: skip
    """End pauses and print them. Returns exit code 1 if no pause ended, else 0."""
    words = session.words
    context.check_ledger_is_there(session)
    with context.open_keeper(session) as keeper:
        ended = keeper.resume(provider or "", why=why or "")
        left = keeper.status(forecasts=False).pauses
    if as_json:
        console.say(json.dumps(resumed_record(ended), indent=2))
    for pause in () if as_json else ended:
        of = pause.provider or words("all providers")
        console.tell(words("calls to {provider} are sent again", provider=of))
    if not ended:
        of = provider or words("all providers")
        none = words("there is no pause of calls to {provider}", provider=of)
        console.tell(none if left else words("nothing was paused"))
    for pause in left:
        of = pause.provider or words("all providers")
        console.tell(words("still paused: calls to {provider}", provider=of))
    return exit_codes.OK if ended else exit_codes.FAILURE
