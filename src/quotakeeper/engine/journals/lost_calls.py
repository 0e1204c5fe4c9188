"""Counts calls that could not be stored anywhere, and limits repeated warnings."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from quotakeeper.domain.ledger.commands import Record
from quotakeeper.domain.money import usd_text
from quotakeeper.domain.windows import moment
from quotakeeper.native_threads import RLock


class LostCalls:
    """The number and cost of calls that were sent but could not be stored in the ledger or a
    file."""

    def __init__(self) -> None:
        self.calls = 0
        self.unpriced = 0
        self.cost_pico = 0
        self.since_at: int | None = None  # microseconds since 1970 UTC

    def count(self, records: Iterable[Record]) -> None:
        """Add these calls to the lost calls."""
        for record in records:
            self.calls += 1
            cost = record.figures.cost_pico
            if cost is None:
                self.unpriced += 1
            else:
                self.cost_pico += cost
            if record.at is not None:
                self.since_at = (
                    record.at if self.since_at is None else min(self.since_at, record.at)
                )

    def __str__(self) -> str:
        since = (
            "" if self.since_at is None else f" since {moment(self.since_at):%Y-%m-%d %H:%M:%S} UTC"
        )
        unpriced = f" and the unknown cost of {self.unpriced} of them" if self.unpriced else ""
        calls = "1 call" if self.calls == 1 else f"{self.calls:,} calls"
        return f"{calls} ({usd_text(self.cost_pico)} USD{unpriced}){since}"


class RepeatedWarnings:
    """Logs the same warning only the 1st, 10th, 100th, ... time, with the number of times so
    far."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._lock = RLock()
        self._times: dict[str, int] = {}

    def say(self, text: str, *values: object) -> None:
        """Log a warning. Warnings with the same `text` count as the same warning, whatever the
        values."""
        with self._lock:
            times = self._times[text] = self._times.get(text, 0) + 1
        if times == 1:
            self._log.warning(text, *values)
        elif times == 10 ** (len(str(times)) - 1):
            self._log.warning(text + " (%d times so far)", *values, times)

    def forget(self) -> None:
        """Reset the counters, because the problem is over."""
        with self._lock:
            self._times.clear()
