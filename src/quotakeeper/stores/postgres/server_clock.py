"""Ledger time from the server's clock, checked against the clock of this machine."""

from __future__ import annotations

import logging

from quotakeeper.domain.server_doubts import ServerClockDoubt
from quotakeeper.domain.windows import SECOND
from quotakeeper.stores.postgres.connection import Head

MOST_AHEAD = 60 * SECOND  # by how much the server's clock may be ahead
_APART = 5 * SECOND

log = logging.getLogger("quotakeeper.stores")


class ServerClock:
    """The server's clock as this machine sees it.

    `doubt` is set while the server's clock is more than 60 s ahead of this machine's clock. Ledger
    time then stays at this machine's clock, so that no period begins too early.
    """

    def __init__(self) -> None:
        self.doubt: ServerClockDoubt | None = None
        self._is_apart = False

    def ledger_time(self, head: Head, here: int, waited_us: int = 0) -> int:
        """Return the time of a transaction, in microseconds since 1970 UTC.

        `here` is what the clock of this machine showed before the server was asked; 0 if it is not
        known. `waited_us` is how long the server's answer took, in microseconds. The server read its
        clock at some time during this wait.
        """
        if not here:
            return max(head.now_at, head.high_water)
        ahead = head.now_at - here
        self._tell(min(ahead, max(0, ahead - waited_us)))
        if ahead <= MOST_AHEAD:
            self.doubt = None
            return max(head.now_at, head.high_water)
        trusted = max(here, head.high_water)
        self.doubt = ServerClockDoubt(ahead, MOST_AHEAD, head.now_at, trusted)
        return trusted

    def _tell(self, ahead: int) -> None:
        """Log once that the clocks are apart, and again after they agreed.

        `ahead` is the least by which the server's clock is certainly ahead.
        """
        is_apart = abs(ahead) > _APART
        if is_apart and not self._is_apart:
            log.warning(
                "quotakeeper: the clock of the ledger's server is %d s %s the clock of this "
                "machine; the server's clock counts; synchronize both with a time service (NTP)",
                abs(ahead) // SECOND, "ahead of" if ahead > 0 else "behind",
            )  # fmt: skip
        self._is_apart = is_apart
