"""quotakeeper: counts what an AI pipeline spends while it spends it, and refuses calls at the
limit.

Each public name is loaded at its first use. So a command that needs no keeper starts without the engine.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from quotakeeper.loggers import silence

if TYPE_CHECKING:
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
    from quotakeeper.intercept.watch import watch
    from quotakeeper.keeper import Keeper

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


# Where each public name is defined.
_HOMES = {
    "domain.decisions": ("Decision", "LimitWarning", "Verdict"),
    "domain.forecasting.status": ("LimitStatus", "Status", "UsageRow", "UsageTable"),
    "domain.limits": ("Limit",),
    "domain.usage": ("Outcome", "Provenance", "UsageEvent"),
    "engine.reservation": ("Reservation",),
    "errors": (
        "ClockSuspectError", "ConfigError", "InvalidInputError", "KeyConflictError", "LedgerError",
        "LimitExceeded", "OutcomeUnknownError", "PausedError", "QuotakeeperError",
        "ReservationClosedError", "UnpricedModelError",
    ),
    "intercept.watch": ("watch",),
    "keeper": ("Keeper",),
}  # fmt: skip


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            found = globals()[name] = getattr(import_module(f"quotakeeper.{home}"), name)
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
