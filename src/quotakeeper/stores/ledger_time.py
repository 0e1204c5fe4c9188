"""The end of the calendar: periods are computed with dates, and those end with the year 9999."""

from __future__ import annotations

from collections.abc import Sequence

from quotakeeper.domain.ledger.commands import Command, Outcomes, Sweep, Swept, Watch, Watched
from quotakeeper.domain.windows import MAX_INSTANT, SECOND, moment
from quotakeeper.errors import LedgerUnavailableError

# The month that an instant lies in, and the day its zone is ahead, have to end before that.
LAST_INSTANT = MAX_INSTANT - 40 * 86_400 * SECOND


def check_ledger_time(ledger: str, now: int, high_water: int) -> None:
    """Raise LedgerUnavailableError where a period at this instant (microseconds) has no end.

    `high_water` is the instant of the newest entry, which ledger time never goes back behind.
    """
    if max(now, high_water) < LAST_INSTANT:
        return
    if high_water < LAST_INSTANT:
        raise LedgerUnavailableError(
            ledger, f"the clock of this machine is past {moment(LAST_INSTANT):%Y-%m-%d}, near the "
            "end of the calendar", "set the clock: nothing was written",
        )  # fmt: skip
    raise LedgerUnavailableError(
        ledger, f"its newest entry is of {_date(high_water)}, near the end of the calendar: it was "
        "written while a clock was far ahead",
        "set it back: quotakeeper doctor --repair-clock",
    )  # fmt: skip


def idle_outcomes(
    ledger: str, commands: Sequence[Command], now: int, high_water: int
) -> list[Outcomes] | None:
    """What upkeep comes to where it can compute no period; None where all is well.

    It keeps no balances and sweeps nothing, so that a ledger that was carried there can be read.
    Raises as `check_ledger_time` for any other command.
    """
    if max(now, high_water) < LAST_INSTANT:
        return None
    if not all(isinstance(command, Watch | Sweep) for command in commands):
        check_ledger_time(ledger, now, high_water)
    return [Watched() if isinstance(command, Watch) else Swept() for command in commands]


def _date(at: int) -> str:
    return f"{moment(min(at, MAX_INSTANT - 1)):%Y-%m-%d}"
