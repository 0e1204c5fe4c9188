"""The global options of one command, and the functions that open the ledger with them."""

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
    from quotakeeper.clocks import Clock
    from quotakeeper.domain.money import ExchangeRate

COLOUR_CHOICES = ("auto", "always", "never")


@dataclass(frozen=True, slots=True)
class CommandContext:
    """The global options of one command.

    `currency` is the exchange rate for a second currency on the screen, or None.
    """

    ledger: str | None = None
    config: str | None = None
    color: str = "auto"
    lang: str = field(default_factory=language)
    currency: ExchangeRate | None = None

    @property
    def words(self) -> Words:
        """A translator of messages to the chosen language."""
        return Words(self.lang)

    @property
    def colour(self) -> bool:
        """Whether the output on stdout has colours."""
        return wants_colour(self.color, sys.stdout.isatty())

    @property
    def glyphs(self) -> Glyphs:
        """The characters for bars and marks that stdout can encode."""
        return glyphs_for(sys.stdout)

    def in_currency_of(self, settings: Settings) -> CommandContext:
        """Return a copy that also shows costs in the second currency of `settings`."""
        return replace(self, currency=settings.currency)

    def settings(self) -> Settings:
        """Load the settings in force. The ledger is not opened."""
        return load_settings(ledger=self.ledger, config=self.config)


def check_ledger_is_there(session: CommandContext) -> None:
    """Raise LedgerUnavailableError if the ledger is in memory or its file does not exist.

    Commands that affect other processes, such as `pause`, call this function first. Without this
    check, `pause` would create a new ledger that no other process uses.
    """
    from quotakeeper.wiring import is_on_server, ledger_path

    settings = session.settings()
    path = ledger_path(settings)
    if is_on_server(settings):
        return  # with a misspelt server name, the connection fails
    if path is None:
        raise LedgerUnavailableError(
            settings.ledger,
            "is in the memory of one process",
            "call a method of its keeper in that process, such as Keeper.pause",
        )
    if not path.exists():
        fix = "give the ledger that your programs use: --ledger PATH"
        raise LedgerUnavailableError(str(path), "does not exist", fix)


def open_keeper(session: CommandContext) -> Keeper:
    """Open the configured ledger. All commands open the ledger with this function; tests replace it."""
    from quotakeeper import Keeper

    return Keeper(config=session.settings())


def opener(session: CommandContext) -> Callable[[str], Keeper]:
    """Return a function that opens the ledger at a path or URL, with the other global options
    unchanged."""
    return lambda ledger: open_keeper(replace(session, ledger=ledger))


def now() -> int:
    """Return the time in microseconds since 1970 UTC, for commands without a ledger.

    Tests replace this function.
    """
    from quotakeeper.clocks import SystemClock

    return SystemClock().now()


def alert_clock() -> Clock:
    """Return the clock by which alerts are sent, and whose `sleep` `--follow` waits with.

    Tests replace this function.
    """
    from quotakeeper.clocks import SystemClock

    return SystemClock()


def open_existing(session: CommandContext) -> Keeper:
    """Open the ledger. If `--ledger` names a ledger that does not exist, the ledger is not created.

    Raises InvalidInputError if the ledger of `--ledger` does not exist.
    """
    from quotakeeper.app.ledger_presence import check_is_there

    check_is_there(session.settings())
    return open_keeper(session)
