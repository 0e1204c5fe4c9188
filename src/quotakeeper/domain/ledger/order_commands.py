"""Orders of people as ledger commands: pause and resume calls, raise limits, add credit."""

from __future__ import annotations

from quotakeeper.domain.ledger.entries import Entry
from quotakeeper.domain.limits import Account
from quotakeeper.domain.pauses import CallPause
from quotakeeper.value_classes import dataclass


@dataclass(frozen=True, slots=True)
class PauseCalls:
    """Stop the calls to a provider (`name`), or all calls (""). Reserve and Grow are then denied.

    Calls in progress can be settled, and usage can be recorded. The pause ends after `for_us`
    microseconds. If `for_us` is None, only ResumeCalls ends the pause. `by` is the person who
    ordered the pause.
    """

    name: str = ""
    why: str = ""
    by: str = ""
    for_us: int | None = None


@dataclass(frozen=True, slots=True)
class ResumeCalls:
    """End the pause of a provider, or all pauses if `name` is ""."""

    name: str = ""
    why: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class RaiseLimit:
    """Give a limit a larger amount, in base units, for `for_us` microseconds.

    `name` is the limit's name, `account` the key of its account. Because of the key, a different
    limit that later gets the same name is not raised.
    """

    name: str
    account: str
    amount: int
    for_us: int
    why: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class TopUp:
    """Add credit, in base units, to the account of a prepaid limit; see `ledger.credit`.

    `until`, in microseconds since 1970 UTC, is when the unused part expires; None: never.
    """

    name: str
    account: Account
    amount: int
    until: int | None = None
    why: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class AcceptClock:
    """Record in the journal that a clock that jumped ahead by `ahead` microseconds is right."""

    ahead: int
    why: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class AcceptLedger:
    """Record in the journal that the ledger is right although it lacks `lost` commits."""

    lost: int = 0
    why: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order was carried out. `entry` is its journal entry; None if a resume ended no pause.

    `ended` are the pauses that a resume ended.
    """

    entry: Entry | None
    ended: tuple[CallPause, ...] = ()
