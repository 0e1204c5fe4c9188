"""quotakeeper: counts what an AI pipeline spends while it spends it, and refuses calls at the
limit."""

from typing import TYPE_CHECKING, Any

from quotakeeper.domain.decisions import Decision, LimitWarning, Verdict
from quotakeeper.domain.forecasting.status import LimitStatus, Status, UsageRow, UsageTable
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.usage import Outcome, Provenance, UsageEvent
from quotakeeper.engine.reservation import Reservation
from quotakeeper.errors import (
    ClockSuspectError,
    ConfigError,
    InvalidInputError,
    KeyConflictError,
    LedgerError,
    LimitExceeded,
    OutcomeUnknownError,
    PausedError,
    QuotakeeperError,
    ReservationClosedError,
    UnpricedModelError,
)
from quotakeeper.keeper import Keeper
from quotakeeper.loggers import silence

if TYPE_CHECKING:
    from quotakeeper.intercept.watch import watch

__version__ = "0.1.0"
silence()

__all__ = [
    "ClockSuspectError",
    "ConfigError",
    "Decision",
    "InvalidInputError",
    "Keeper",
    "KeyConflictError",
    "LedgerError",
    "Limit",
    "LimitExceeded",
    "LimitStatus",
    "LimitWarning",
    "Outcome",
    "OutcomeUnknownError",
    "PausedError",
    "Provenance",
    "QuotakeeperError",
    "Reservation",
    "ReservationClosedError",
    "Status",
    "UnpricedModelError",
    "UsageEvent",
    "UsageRow",
    "UsageTable",
    "Verdict",
    "watch",
]


def __getattr__(name: str) -> Any:
    # Only programs that call `watch` load the hooks.
    if name == "watch":
        from quotakeeper.intercept.watch import watch  # noqa: PLC0415 - see above

        return watch
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
