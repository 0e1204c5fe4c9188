"""Formats the result of `init` and the next steps as text lines."""

from __future__ import annotations

from collections.abc import Iterator

from quotakeeper.app.setup_file import BUDGET_NAME, WrittenSetup
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.config.key_names import key_for, names_for


def written_lines(done: WrittenSetup, session: CommandContext) -> Iterator[str]:
    """Yield lines with the file and its values, the missing API keys, and the next commands."""
    words, settings = session.words, done.settings
    yield words("written: {file}", file=done.file)
    if done.replaced:
        yield words("  the old file is now {file}", file=done.replaced)
    yield words("  time zone: {zone}", zone=settings.timezone)
    budget = next((each for each in settings.limits if each.name == BUDGET_NAME), None)
    if budget is None:
        yield words("  budget: none; the built-in limits of Gemini and Deepgram apply")
    else:
        amount = figures.money(budget.amount, session.lang)
        yield words("  budget: {amount} a day, in addition to the built-in limits", amount=amount)
    for provider in dict.fromkeys(("gemini", "deepgram", *settings.key_names)):
        name, _ = key_for(provider, settings.key_names)
        shown = name or names_for(provider, settings.key_names)[-1]
        text = "  key of {provider}: {name} is set" if name else (
            "  key of {provider}: {name} is not set yet"
        )  # fmt: skip
        yield words(text, provider=provider, name=shown)
    yield words("next:")
    for command, meaning in (
        ("quotakeeper doctor --keys", words("checks the set-up and tests the keys")),
        ("quotakeeper run -- python your_program.py", words("counts a program's calls")),
        ("quotakeeper", words("shows today's use")),
    ):
        yield f"  {command:<42} {meaning}"
