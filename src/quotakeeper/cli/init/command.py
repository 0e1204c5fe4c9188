"""Runs `quotakeeper init`: asks for the values that have no good default, and writes the config
file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from quotakeeper.app.setup_file import (
    SetupChoices,
    budget_choice,
    check_free,
    key_choice,
    write_setup,
    zone_choice,
)
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.init.view import written_lines
from quotakeeper.clocks import local_zone_name
from quotakeeper.config import file_to_edit
from quotakeeper.config.key_names import USUAL_NAMES
from quotakeeper.config.platform_folders import PROJECT_FILE
from quotakeeper.errors import InvalidInputError

_ASKED_FOR = ("gemini", "deepgram")
_TRIES = 3


def run_init(
    session: context.CommandContext, *, zone: str | None = None, budget: str | None = None,
    keys: Sequence[str] = (), here: bool = False, yes: bool = False, force: bool = False,
) -> int:  # fmt: skip
    """Write the config file and print the next steps. Returns the exit code.

    On a terminal, the user is asked for the values that are not given.
    """
    if here and session.config:
        raise InvalidInputError("--here", "cannot be used with --config", "give one of them")
    file = Path.cwd() / PROJECT_FILE if here else file_to_edit(session.config)
    check_free(file, force=force)
    asks = not yes and sys.stdin.isatty()
    usual_zone = local_zone_name()
    key_names = dict(_given_key(each) for each in keys)
    if zone is not None or not asks:
        zone = zone_choice(zone or usual_zone)
    else:
        zone = _asked(session, "Time zone that decides when a day ends", usual_zone, zone_choice)
    if budget is not None or not asks:
        budget = budget_choice(budget or "")
    else:
        budget = _asked(session, "Daily budget in US dollars (0: no budget)", "0", budget_choice)
    if asks and not keys:
        for provider in _ASKED_FOR:
            usual = USUAL_NAMES[provider][-1]
            name = _asked(
                session, "Variable with the API key of {provider}", usual,
                partial(key_choice, provider), provider=provider,
            )  # fmt: skip
            if name not in USUAL_NAMES[provider]:
                key_names[provider] = name
    done = write_setup(
        file, SetupChoices(zone, budget, key_names), force=force, words=session.words
    )
    for line in written_lines(done, session):
        console.tell(line)
    return exit_codes.OK


def _given_key(text: str) -> tuple[str, str]:
    provider, equals, name = text.partition("=")
    if not equals:  # the value may be an API key, so the message does not repeat it
        fix = "write it like --key gemini=GEMINI_API_KEY"
        raise InvalidInputError("--key", "the value is not PROVIDER=VARIABLE", fix)
    provider = provider.strip().lower()
    return provider, key_choice(provider, name)


def _asked(
    session: context.CommandContext, question: str, usual: str, check: Callable[[str], str],
    **values: object,
) -> str:  # fmt: skip
    """Ask a question on the terminal and return the checked answer. An empty answer means `usual`.

    After an invalid answer, the question is asked again. After too many invalid answers,
    InvalidInputError is raised.
    """
    words = session.words
    for tried in range(1, _TRIES + 1):
        print(f"{words(question, **values)} [{usual}]: ", end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline()
        try:
            return check(answer.strip() or usual)
        except InvalidInputError as error:
            if tried == _TRIES or not answer:
                raise
            console.tell(f"  {words.finished(f'{error.problem}; {error.fix}')}")
    raise AssertionError
