"""Warns when a booking crosses a threshold of a limit: by `on_warning`, or in the log."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from quotakeeper.clocks import zone_named
from quotakeeper.domain.decisions import LimitWarning, Verdict
from quotakeeper.domain.forecasting.status import percent_of
from quotakeeper.domain.ledger.commands import ThresholdCrossed
from quotakeeper.domain.limits import Mode
from quotakeeper.domain.units import units_text
from quotakeeper.domain.windows import moment
from quotakeeper.loggers import tell

Warner = Callable[[LimitWarning], None]

log = logging.getLogger("quotakeeper.engine")


class ThresholdWarnings:
    """Warns about limits whose threshold a booking crossed.

    If a booking crosses several thresholds of a limit, warns only about the highest. A crossing is
    one journal entry, and only the process that booked it warns. A shadow limit causes no warning.
    """

    def __init__(self, warn: Warner | None) -> None:
        self._warn = warn or _log_warning

    def give(self, crossed: Sequence[ThresholdCrossed]) -> None:
        """Warn about the crossings of one booking. Errors of `on_warning` are logged."""
        # Levels come in ascending order, so the last one of each limit is the highest.
        highest = {each.verdict.limit: each.verdict for each in crossed}
        for verdict in highest.values():
            if verdict.limit.mode is Mode.SHADOW:
                continue
            try:
                self._warn(warning_of(verdict))
            except Exception:
                log.exception("quotakeeper: on_warning failed")


def warning_of(verdict: Verdict) -> LimitWarning:
    """Return the warning for a limit's state, with its text."""
    limit, meter = verdict.limit, verdict.limit.meter_info
    resets = moment(verdict.resets_at, zone_named(limit.timezone)).isoformat(timespec="seconds")
    prepaid = limit.window.is_endless
    per = "prepaid" if prepaid else f"per {limit.window}"
    ends = f"{units_text(verdict.remaining, meter)} left" if prepaid else f"resets at {resets}"
    text = (
        f"limit {limit.name!r} is at {percent_of(verdict.used, limit.amount)} %: "
        f"{units_text(verdict.used, meter)} of {units_text(limit.amount, meter)} {meter.unit} {per} "
        f"used, {units_text(verdict.reserved, meter)} reserved; {ends}"
    )
    return LimitWarning(
        limit, verdict.asked, verdict.used, verdict.reserved, verdict.remaining, verdict.period,
        verdict.resets_at, verdict.others, text,
    )  # fmt: skip


def _log_warning(warning: LimitWarning) -> None:
    tell(log, logging.WARNING, "quotakeeper: warning: %s", warning.text)
