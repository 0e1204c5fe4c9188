"""A call that is not let out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quotakeeper.errors import (
    ConfigError,
    LedgerError,
    LimitExceeded,
    PausedError,
    UnpricedModelError,
)

if TYPE_CHECKING:
    from quotakeeper.engine.reservation import Reservation
    from quotakeeper.providers.contract import Call, Refusal

# Why a call must stay: no room, a pause, no price, or nobody who could count it.
DENIED = (LimitExceeded, PausedError, UnpricedModelError, LedgerError, ConfigError)
Denied = LimitExceeded | PausedError | UnpricedModelError | LedgerError | ConfigError


@dataclass(frozen=True, slots=True)
class Refused:
    """A call that stays here; the hook answers it with `refusal` in its library's own form."""

    refusal: Refusal
    call: Call


class UnfollowedCallError(Exception):
    """A call was reserved, and then something of ours failed."""

    def __init__(self, reservation: Reservation) -> None:
        super().__init__("a reserved call cannot be followed")
        self.reservation = reservation
