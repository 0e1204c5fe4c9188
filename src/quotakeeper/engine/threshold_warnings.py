"""Warnings: told once for each limit, period and threshold, to whoever wants to know."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Lock, Thread

from quotakeeper.clocks import zone_named
from quotakeeper.domain.decisions import Verdict
from quotakeeper.domain.forecasting.status import percent_of
from quotakeeper.domain.limits import Mode
from quotakeeper.domain.numbers import times
from quotakeeper.domain.units import units_text
from quotakeeper.domain.windows import moment
from quotakeeper.engine.worker.process_lifecycle import lifecycle

Warner = Callable[[Verdict], None]
_MOST_KNOWN = 10_000

log = logging.getLogger("quotakeeper.engine")


class ThresholdWarnings:
    """Each (limit, period, threshold) warns once a process, at the highest one passed."""

    def __init__(self, warn: Warner | None) -> None:
        self._warn = warn or _log_warning
        self._warned: set[tuple[str, int, int]] = set()
        self._lock = Lock()

    def give(self, verdicts: Sequence[Verdict]) -> None:
        """Warn of what was not warned of yet, in the thread of the call that passed it."""
        for verdict in verdicts:
            self._once(verdict)

    def give_aside(self, verdicts: Sequence[Verdict]) -> None:
        """For the worker, which must not wait for what somebody does about a warning."""
        fresh = [verdict for verdict in verdicts if not self._is_known(verdict)]
        if fresh:
            with suppress(RuntimeError):  # the interpreter is on its way out
                name = "quotakeeper-warning"
                thread = Thread(target=self.give, args=(fresh,), name=name, daemon=True)
                thread.start()
                lifecycle.join_briefly(thread)

    def _is_known(self, verdict: Verdict) -> bool:
        return verdict.limit.mode is Mode.SHADOW or _level(verdict) in self._warned

    def _once(self, verdict: Verdict) -> None:
        if self._is_known(verdict):
            return
        name, start_at, level = found = _level(verdict)
        with self._lock:
            if found in self._warned:
                return
            if len(self._warned) > _MOST_KNOWN:
                self._warned.clear()
            self._warned.update((name, start_at, n) for n in range(level + 1))
        try:
            self._warn(verdict)
        except Exception:
            log.exception("quotakeeper: on_warning failed")


def _level(verdict: Verdict) -> tuple[str, int, int]:
    """The limit, its period, and the highest threshold that was passed."""
    limit = verdict.limit
    used = verdict.used + verdict.reserved + verdict.asked
    passed = [n for n, share in enumerate(limit.thresholds) if used >= times(share, limit.amount)]
    start_at = verdict.period.start_at if not limit.window.is_rolling else 0
    return limit.name, start_at, passed[-1] if passed else 0


def _log_warning(verdict: Verdict) -> None:
    limit, meter = verdict.limit, verdict.limit.meter_info
    together = verdict.used + verdict.reserved + verdict.asked
    log.warning(
        "quotakeeper: warning: limit %r is at %s %%: %s of %s %s per %s (%s of it reserved); "
        "resets at %s",
        limit.name,
        percent_of(together, limit.amount),
        units_text(together, meter),
        units_text(limit.amount, meter),
        meter.unit,
        limit.window,
        units_text(verdict.reserved + verdict.asked, meter),
        moment(verdict.resets_at, zone_named(limit.timezone)).isoformat(timespec="seconds"),
    )
