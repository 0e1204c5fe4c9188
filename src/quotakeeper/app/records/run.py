"""Reads from the ledger what one run of a program used, and converts it to a JSON record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

from quotakeeper.app.records.instants import rfc3339
from quotakeeper.app.records.known_cost import known_cost_text
from quotakeeper.app.records.status import limit_record
from quotakeeper.domain.forecasting.status import UsageRow, add_up
from quotakeeper.domain.forecasting.time_buckets import of_one
from quotakeeper.domain.windows import SECOND
from quotakeeper.schemas import Schema
from quotakeeper.value_classes import dataclass

if TYPE_CHECKING:
    from quotakeeper import Keeper
    from quotakeeper.domain.forecasting.status import LimitStatus, Status
    from quotakeeper.domain.usage import UsageEvent

RUN_LABEL, PROJECT_LABEL = "run", "project"
_EARLIER = 60 * SECOND  # the clock may be set back while the program runs


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """The outcome of one run of a program.

    `started_at` is in microseconds since 1970 UTC, `took_us` in microseconds. `signal` is the
    signal that ended the program, or 0. `metered` counts the Python processes of the run that
    loaded the meter. `refused` counts the calls that a limit refused.

    `unseen` are connections to providers that no hook handled, as (host, library, number).
    `unmetered` are Python processes that started without the meter, as (program, reason, number).
    """

    labels: Mapping[str, str]
    started_at: int
    took_us: int
    exit_code: int
    signal: int = 0
    metered: int = 0
    refused: int = 0
    unseen: Sequence[tuple[str, str, int]] = ()
    unmetered: Sequence[tuple[str, str, int]] = ()


@dataclass(frozen=True, slots=True)
class RunUsage:
    """The usage of a run according to the ledger, and the state of the limits after the run."""

    events: tuple[UsageEvent, ...] = ()
    status: Status | None = None
    zone: tzinfo = UTC

    def rows(self, *by: str) -> list[UsageRow]:
        """Return the run's usage added up by the dimensions `by`, highest cost first."""
        return sorted(
            add_up(map(of_one, self.events), by, self.zone), key=lambda row: -row.cost_pico
        )

    @property
    def total(self) -> UsageRow:
        """The run's whole usage as one row."""
        return next(iter(self.rows()), UsageRow(()))

    @property
    def limits(self) -> list[LimitStatus]:
        """The limits that counted calls of the run, highest use in percent first."""
        if self.status is None:
            return []
        matched = {
            entry.limit.name: entry
            for entry in self.status.limits
            if any(entry.limit.matches(event.labels) for event in self.events)
        }
        return sorted(matched.values(), key=lambda entry: -entry.percent)


def run_usage(keeper: Keeper, run: str, started_at: int) -> RunUsage:
    """Read the calls with the run label `run`, and the status of all limits."""
    events = [
        event
        for event in keeper.events(since=started_at - _EARLIER)
        if dict(event.labels.scope).get(RUN_LABEL) == run
    ]
    return RunUsage(tuple(events), keeper.status(forecasts=False), keeper.zone)


def run_record(outcome: RunOutcome, used: RunUsage) -> dict[str, object]:
    """Return a run as a JSON record. Money and amounts are decimal text."""
    return {
        "schema": Schema.RUN,
        "labels": dict(outcome.labels),
        "started_at": rfc3339(outcome.started_at),
        "seconds": outcome.took_us / SECOND,
        "exit_code": outcome.exit_code,
        "signal": outcome.signal or None,
        "metered_processes": outcome.metered,
        "refused_calls": outcome.refused,
        "unseen_connections": [
            {"host": host, "library": library or None, "connections": number}
            for host, library, number in outcome.unseen
        ],
        "unmetered_processes": [
            {"program": program, "reason": reason, "processes": number}
            for program, reason, number in outcome.unmetered
        ],
        "rows": [
            dict(zip(("provider", "model", "operation"), row.key, strict=True)) | _sums(row)
            for row in used.rows("provider", "model", "operation")
        ],
        "totals": _sums(used.total),
        "limits": [limit_record(entry) for entry in used.limits],
    }


def _sums(row: UsageRow) -> dict[str, object]:
    # Here the quantities keep their modalities; `quantities` of an event record does not.
    return {
        "calls": row.calls,
        "quantities": dict(sorted(row.quantities.items())),
        "cost_usd": known_cost_text([row]),
        "unpriced_calls": row.unpriced_calls,
        "provenance": dict(sorted(row.provenances.items())),
    }
