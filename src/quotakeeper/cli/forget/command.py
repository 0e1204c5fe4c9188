"""Runs `quotakeeper forget`: removes a label's value from the ledger."""

from __future__ import annotations

import json
import sys

from quotakeeper.app.forgetting import Forgetting, forget, forgetting_record, label_from
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.forget.view import done_lines, preview_lines
from quotakeeper.errors import InvalidInputError

_YES = ("y", "yes", "c", "có", "co")


def run_forget(
    session: context.CommandContext, *, label: str | None = None, yes: bool = False,
    as_json: bool = False,
) -> int:  # fmt: skip
    """Print what would change, and change it if `yes` is True or the user agrees on the terminal.

    Returns the exit code.
    """
    if label is None:
        raise InvalidInputError("--label", "is missing", "write it like --label user=an")
    wanted = label_from(label)
    settings = session.settings()
    context.check_ledger_is_there(session)

    def run(*, apply: bool) -> Forgetting:
        return forget(settings, lambda: context.open_existing(session), wanted, apply=apply)

    result = run(apply=yes)
    if not result.done and not as_json:
        for line in preview_lines(result, session):
            console.tell(line)
        if sys.stdin.isatty() and _agrees(session):
            result = run(apply=True)
    if as_json:
        console.say(json.dumps(forgetting_record(result), indent=2))
    elif result.done:
        for line in done_lines(result, session):
            console.tell(line)
    else:
        console.tell(session.words("nothing was changed; --yes makes these changes"))
    return exit_codes.OK


def _agrees(session: context.CommandContext) -> bool:
    question = session.words("Remove this value from the ledger? This cannot be undone.")
    print(f"{question} [y/N]: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in _YES
