"""Orders of people as commands of the ledger: calls are paused and resumed, limits get more."""

from __future__ import annotations

from dataclasses import dataclass

from quotakeeper.domain.ledger.entries import Entry
from quotakeeper.domain.limits import Account
from quotakeeper.domain.pauses import CallPause


@dataclass(frozen=True, slots=True)
class PauseCalls:
    """Stop the calls to a provider, or to all of them (""): Reserve and Grow are denied from now on.

    What is under way may be settled, and usage may be recorded. It lapses after `for_us`
    microseconds; None: it holds until ResumeCalls. `by` says who ordered it.
    """

    name: str = ""
    why: str = ""
    by: str = ""
    for_us: int | None = None


@dataclass(frozen=True, slots=True)
class ResumeCalls:
    """End the pause of a provider; with "", every pause there is."""

    name: str = ""
    why: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class RaiseLimit:
    """Give a limit a larger amount, in base units, for `for_us` microseconds.

    `name` is the limit's; `account` the key of its account, so that another limit which gets the name
    is not raised.
    """

    name: str
    account: str
    amount: int
    for_us: int
    why: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class TopUp:
    """Pay credit, in base units, into the account of a prepaid limit; see `ledger.credit`.

    `until`, microseconds since 1970 UTC, is when what is left of it lapses; None: never.
    """

    name: str
    account: Account
    amount: int
    until: int | None = None
    why: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class AcceptClock:
    """Say that a clock which jumped ahead by `ahead` microseconds is right, for the journal alone."""

    ahead: int
    why: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Ordered:
    """Written down as `entry`, None where there was nothing to end. `ended` are the pauses that a
    ResumeCalls has ended."""

    entry: Entry | None
    ended: tuple[CallPause, ...] = ()
