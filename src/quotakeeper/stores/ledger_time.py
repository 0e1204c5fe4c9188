"""Refuses instants near the year 10000: periods are computed with dates, and dates end there."""

from __future__ import annotations

from collections.abc import Sequence

from quotakeeper.domain.ledger.commands import Command, Outcomes, Sweep, Swept, Watch, Watched
from quotakeeper.domain.windows import MAX_INSTANT, SECOND, moment
from quotakeeper.errors import LedgerUnavailableError

# A period near this instant can end a month later, and a time zone can add a day. Both must lie
# within the calendar.
LAST_INSTANT = MAX_INSTANT - 40 * 86_400 * SECOND


def check_ledger_time(ledger: str, now: int, high_water: int) -> None:
    """Raise LedgerUnavailableError if the period at `now` could end after the calendar ends.

    `now` is in microseconds since 1970 UTC. `high_water` is the instant of the newest entry; ledger
    time never goes back before it.
    """
    if max(now, high_water) < LAST_INSTANT:
        return
    if high_water < LAST_INSTANT:
        raise LedgerUnavailableError(
            ledger, f"the clock of this machine is past {moment(LAST_INSTANT):%Y-%m-%d}, near the "
            "end of the calendar", "correct the clock; nothing was written",
        )  # fmt: skip
    raise LedgerUnavailableError(
        ledger, f"its newest entry has the date {_date(high_water)}, near the end of the "
                "calendar: it was written while the clock was far ahead",
        "correct the times in the ledger: quotakeeper doctor --repair-clock",
    )  # fmt: skip


def idle_outcomes(
    ledger: str, commands: Sequence[Command], now: int, high_water: int
) -> list[Outcomes] | None:
    """Return the outcomes of Watch and Sweep commands near the end of the calendar; None at other
    times.

    Near the end, Watch and Sweep do nothing, so that the ledger can still be read. If there is any
    other command, raises LedgerUnavailableError, like `check_ledger_time`.
    """
    if max(now, high_water) < LAST_INSTANT:
        return None
    if not all(isinstance(command, Watch | Sweep) for command in commands):
        check_ledger_time(ledger, now, high_water)
    return [Watched() if isinstance(command, Watch) else Swept() for command in commands]


def _date(at: int) -> str:
    return f"{moment(min(at, MAX_INSTANT - 1)):%Y-%m-%d}"
