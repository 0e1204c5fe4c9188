"""Reasons why hard limits on a server's ledger refuse calls although they may have room.

A ledger on a server can lose commits that were acknowledged: somebody restores a backup, or a
standby takes over that lacks the last commits. The server's clock can also be wrong.
"""

from __future__ import annotations

from datetime import tzinfo

from quotakeeper.domain.clock_readings import ClockDoubt, span_text
from quotakeeper.domain.windows import FOREVER, Period, Window, moment
from quotakeeper.value_classes import dataclass


@dataclass(frozen=True, slots=True)
class ServerClockDoubt:
    """The server's clock is ahead of this machine's clock by more than `bound`.

    No new period begins then. Limits whose period is still open admit calls.

    - `ahead`: by how many microseconds the server's clock is ahead.
    - `bound`: the largest difference that is accepted, in microseconds.
    - `shown_at`: the time of the server's clock, in microseconds since 1970 UTC.
    - `trusted_at`: the ledger time that is used instead, in microseconds since 1970 UTC.
    """

    ahead: int
    bound: int
    shown_at: int
    trusted_at: int

    def stops(self, window: Window, period: Period) -> bool:
        """Return whether a hard limit refuses calls whose `period` contains the trusted time."""
        return not window.is_rolling and self.shown_at >= period.end_at

    def explain(self, zone: tzinfo | None = None) -> str:
        """Return a message for people: what happened, by how much, the consequence, and what to do.

        Times are shown in `zone`, by default in UTC.
        """
        return (
            f"the clock of the ledger's server is {span_text(self.ahead)} ahead of the clock of "
            f"this machine (more than {span_text(self.bound)}): it shows "
            f"{_at(self.shown_at, zone)}, and ledger time is {_at(self.trusted_at, zone)}. Until "
            f"the clocks agree, no new period begins for hard limits: {self.fix}"
        )

    @property
    def fix(self) -> str:
        """What the user must do, as a text."""
        return "correct the wrong clock; a time service (NTP) on both machines keeps them right"


@dataclass(frozen=True, slots=True)
class WentBack:
    """The ledger on the server lacks commits that this machine has seen.

    - `seen`, `found`: the number of commits that this machine has seen, and that the ledger has.
    - `found_at`: the ledger time when this was noticed, in microseconds since 1970 UTC.
    - `is_other`: whether the ledger is now in another database cluster.
    """

    seen: int
    found: int
    found_at: int
    is_other: bool = False

    def stops(self, _window: Window, period: Period) -> bool:
        """Return whether a hard limit refuses calls: whether its period began before the loss."""
        return period.start_at <= self.found_at

    def explain(self, zone: tzinfo | None = None) -> str:
        """Return a message for people: what happened, the consequence, and what to do.

        Times are shown in `zone`, by default in UTC.
        """
        if self.is_other:
            what = (
                f"the ledger is now in another database cluster: this machine has seen commit "
                f"{self.seen}, and the ledger there has {self.found}"
            )
        elif self.found < self.seen:
            what = (
                f"the ledger went back: this machine has seen commit {self.seen}, but the newest "
                f"one is {self.found}"
            )
        else:
            what = (
                f"the ledger went back: commit {self.seen}, which this machine has seen, is not "
                "there any more"
            )
        return (
            f"{what} (noticed {_at(self.found_at, zone)}). Calls may be missing, so hard limits "
            f"admit no call in periods that are open: {self.fix}"
        )

    @property
    def fix(self) -> str:
        """What the user must do, as a text."""
        return (
            "restore the newest copy, or compare with quotakeeper reconcile; then: "
            "quotakeeper ledger accept"
        )


@dataclass(frozen=True, slots=True)
class FailoverDoubt:
    """A standby that lacks the last calls can take over from the server."""

    def stops(self, _window: Window, _period: Period) -> bool:
        """Return True: this concerns each hard limit."""
        return True

    def explain(self, _zone: tzinfo | None = None) -> str:
        """Return a message for people: what can happen, the consequence, and what to do."""
        return (
            "a standby can take over from the ledger's server without the last calls, because no "
            f"standby confirms them. Hard limits could then be passed, so they admit no call: "
            f"{self.fix}"
        )

    @property
    def fix(self) -> str:
        """What the user must do, as a text."""
        return (
            "set synchronous_standby_names on the server; or accept the loss: "
            "asynchronous_replication = allow"
        )


LedgerDoubt = ClockDoubt | ServerClockDoubt | WentBack | FailoverDoubt


def _at(instant: int, zone: tzinfo | None) -> str:
    at = min(max(0, instant), FOREVER)
    when = moment(at, zone) if zone else moment(at)
    return when.isoformat(timespec="seconds")
