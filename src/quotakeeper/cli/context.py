"""What one run of the command line knows: its global options, and how it opens the ledger."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from quotakeeper.cli.console import Glyphs, glyphs_for
from quotakeeper.cli.text.words import Words
from quotakeeper.config import Settings, load_settings
from quotakeeper.config.terminal import language, wants_colour
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.value_classes import dataclass, field, replace

if TYPE_CHECKING:
    from quotakeeper import Keeper

COLOUR_CHOICES = ("auto", "always", "never")


@dataclass(frozen=True, slots=True)
class CommandContext:
    """The global options of a run."""

    ledger: str | None = None
    config: str | None = None
    color: str = "auto"
    lang: str = field(default_factory=language)

    @property
    def words(self) -> Words:
        """Messages in the chosen language."""
        return Words(self.lang)

    @property
    def colour(self) -> bool:
        """Whether data on stdout is coloured."""
        return wants_colour(self.color, sys.stdout.isatty())

    @property
    def glyphs(self) -> Glyphs:
        """The drawing characters that stdout can show."""
        return glyphs_for(sys.stdout)

    def settings(self) -> Settings:
        """The settings in force, without opening the ledger."""
        return load_settings(ledger=self.ledger, config=self.config)


def check_ledger_is_there(session: CommandContext) -> None:
    """Raise LedgerUnavailableError where the ledger is no file that exists.

    For orders: given to a ledger that nobody uses, one would stop nothing, and seem to.
    """
    from quotakeeper.wiring import ledger_path

    settings = session.settings()
    path = ledger_path(settings)
    if path is None:
        raise LedgerUnavailableError(
            settings.ledger, "is in the memory of one process", "call Keeper.pause in that process"
        )
    if not path.exists():
        fix = "name the ledger of the processes with --ledger; see: quotakeeper doctor"
        raise LedgerUnavailableError(str(path), "there is no such ledger", fix)


def open_keeper(session: CommandContext) -> Keeper:
    """The one place where the command line opens a ledger; tests put their own here."""
    from quotakeeper import Keeper

    return Keeper(config=session.settings())


def opener(session: CommandContext) -> Callable[[str], Keeper]:
    """Opens a ledger by its path or URL, with all else as this run has it."""
    return lambda ledger: open_keeper(replace(session, ledger=ledger))


def now() -> int:
    """The time of commands that open no ledger, microseconds since 1970 UTC; tests set their own."""
    from quotakeeper.clocks import SystemClock

    return SystemClock().now()


def open_existing(session: CommandContext) -> Keeper:
    """Open a ledger to read it. Raises InvalidInputError when `--ledger` names none that is there."""
    from quotakeeper.app.ledger_presence import check_is_there

    check_is_there(session.settings())
    return open_keeper(session)
