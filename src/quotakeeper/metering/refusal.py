"""The refusal of a call before it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quotakeeper.errors import (
    ConfigError,
    LedgerError,
    LimitExceeded,
    PausedError,
    UnpricedModelError,
)
from quotakeeper.value_classes import dataclass

if TYPE_CHECKING:
    from quotakeeper.engine.reservation import Reservation
    from quotakeeper.providers.contract import Call, Refusal

# Why a call is refused: a limit, a pause, an unknown price, the ledger, or the config.
DENIED = (LimitExceeded, PausedError, UnpricedModelError, LedgerError, ConfigError)
Denied = LimitExceeded | PausedError | UnpricedModelError | LedgerError | ConfigError


@dataclass(frozen=True, slots=True)
class Refused:
    """A refused call. The hook returns `refusal` to the program, in the form of the HTTP
    library. `error` is why it was refused; None if its sender may not make it."""

    refusal: Refusal
    call: Call
    error: Exception | None = None

    @property
    def is_uncounted(self) -> bool:
        """Whether the ledger or the config is the reason, and no limit."""
        return isinstance(self.error, (LedgerError, ConfigError))


class UnfollowedCallError(Exception):
    """An error inside quotakeeper stopped the metering of a call after the call was reserved."""

    def __init__(self, reservation: Reservation) -> None:
        super().__init__("a call that was already reserved cannot be metered again")
        self.reservation = reservation
