"""Stores an alert when a limit refuses a call. The journal has no entry for a refusal."""

from __future__ import annotations

from collections.abc import Callable

from quotakeeper.clocks import zone_named
from quotakeeper.config import Settings
from quotakeeper.config.alert_settings import AlertSettings
from quotakeeper.domain.alerts.alert_store import AlertStore
from quotakeeper.domain.alerts.quiet_hours import scheduled
from quotakeeper.domain.alerts.rules import AlertRules
from quotakeeper.domain.observations import CallRefused, Observation

_MOST_KNOWN = 10_000


class RefusalNotes:
    """An observer of a keeper, called in the thread of the observers. It raises LedgerError.

    For each limit and period, the first refusal of this process is stored. The store keeps only the
    first one of all processes.
    """

    def __init__(
        self, store: AlertStore, settings: Settings, wanted: AlertSettings, now: Callable[[], int]
    ) -> None:  # fmt: skip
        self._store = store
        self._timezone = settings.timezone
        self._wanted = wanted
        self._now = now
        self._rules: AlertRules | None = None
        self._known: set[str] = set()

    def __call__(self, observation: Observation) -> None:
        """Store the alerts of a refusal by limits. A pause is told by its own alert."""
        if not isinstance(observation, CallRefused):
            return
        decision = observation.decision
        if decision.pause is not None or decision.doubt is not None:
            return
        if self._rules is None:
            wanted = self._wanted
            self._rules = AlertRules(
                self._store.cursor().ledger, wanted.rules, wanted.thresholds, (),
                zone_named(self._timezone), zone_named,
            )  # fmt: skip
        now = self._now()
        alerts = [each for each in self._rules.refusals(decision.refusing, now)
                  if each.id not in self._known]  # fmt: skip
        if alerts:
            names = [each.name for each in self._wanted.channels]
            planned = scheduled(alerts, self._wanted.quiet, self._rules.zone, now)
            self._store.add(planned, names, now)
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known.update(each.id for each in alerts)
