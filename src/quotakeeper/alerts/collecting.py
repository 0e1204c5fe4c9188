"""Reads the journal for alerts, from where the last reading ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from itertools import islice
from typing import Protocol

from quotakeeper.clocks import zone_named
from quotakeeper.config.alert_settings import AlertSettings
from quotakeeper.domain.alerts.alert import Alert
from quotakeeper.domain.alerts.alert_store import AlertStore
from quotakeeper.domain.alerts.quiet_hours import scheduled
from quotakeeper.domain.alerts.rules import OLDEST, AlertRules
from quotakeeper.domain.ledger.entries import OPENINGS, Entry
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.usage import CallLabels

_MOST_READ = 10_000  # entries of one commit; a few more, to end it with a whole booking


class LedgerView(Protocol):
    """What is read of a ledger; a Keeper has it."""

    limits: tuple[Limit, ...]
    zone: tzinfo

    def now(self) -> int:
        """The time, in microseconds since 1970 UTC."""

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Yield the journal entries after the sequence number `after`."""


def rules_for(view: LedgerView, settings: AlertSettings, ledger: str) -> AlertRules:
    """Return the rules in force. `ledger` is the identity of the ledger's alerts."""
    return AlertRules(
        ledger, settings.rules, settings.thresholds, view.limits, view.zone, zone_named
    )


def collect(view: LedgerView, store: AlertStore, settings: AlertSettings) -> int:
    """Store the alerts of all entries since the last reading, and return how many are new.

    Another process may do the same at the same time: each alert is stored once. The first reading
    begins one day back. Raises LedgerError.
    """
    names = [each.name for each in settings.channels]
    new = 0
    while True:
        cursor = store.cursor()
        now = view.now()
        start = seq_before(view, now - OLDEST) if cursor.seq is None else cursor.seq
        found = _read(view, start)
        seq = found[-1].seq if found else start
        if cursor.seq == seq:
            return new
        rules = rules_for(view, settings, cursor.ledger)
        alerts = list(rules.alerts(found, _CallLabels(view, found), now))
        planned = scheduled(alerts, settings.quiet, view.zone, now)
        new += store.collect(cursor, seq, planned, names, now) or 0


def simulate(view: LedgerView, settings: AlertSettings, since: int) -> list[Alert]:
    """Return the alerts that the entries since `since` would have made. Stores nothing.

    Refusals are not in the journal, so they are not simulated.
    """
    rules = rules_for(view, settings, "")
    alerts: dict[str, Alert] = {}
    after = seq_before(view, since)
    while found := _read(view, after):
        after = found[-1].seq
        for alert in rules.alerts(found, _CallLabels(view, found), since):
            alerts.setdefault(alert.id, alert)
    return list(alerts.values())


def _read(view: LedgerView, after: int) -> list[Entry]:
    """Return the next entries. The thresholds that one booking reached are not divided.

    They follow the booking, and the rules tell only the highest of those that they see together.
    """
    entries = view.entries(after)
    found = list(islice(entries, _MOST_READ))
    while found and found[-1].crossing is not None and (more := next(entries, None)) is not None:
        found.append(more)
    return found


def seq_before(view: LedgerView, at: int) -> int:
    """Return the number of the last entry before the instant `at`; 0 if there is none.

    Ledger time never goes back, so a few reads find it.
    """

    def is_before(after: int) -> bool:
        entry = next(view.entries(after), None)
        return entry is not None and entry.at < at

    if not is_before(0):
        return 0
    low, step = 0, 1
    while is_before(low + step):
        low, step = low + step, step * 2
    high = low + step
    while high - low > 1:
        middle = (low + high) // 2
        if is_before(middle):
            low = middle
        else:
            high = middle
    return high


class _CallLabels:
    """The labels of calls by the number of their first entry."""

    def __init__(self, view: LedgerView, entries: list[Entry]) -> None:
        self._view = view
        self._known = {each.seq: each.labels for each in entries if each.kind in OPENINGS}

    def __call__(self, seq: int) -> CallLabels | None:
        """Return the labels; None if the entry is not there any more."""
        if seq not in self._known:
            found = next(self._view.entries(seq - 1), None)
            self._known[seq] = found.labels if found is not None and found.seq == seq else None
        return self._known[seq]
