"""Formats leases and lost hosts as text lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo

from quotakeeper.app.lease_holders import HeldLease, LeaseReport
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import table_lines
from quotakeeper.domain.units import METERS, measure

_HEADER = ("HOST", "PROCESS", "FOR", "LIMIT", "REST", "SINCE", "UNTIL", "STATE")
_STATES = {"open": "in use", "lost": "host lost", "assumed": "counted as used"}


def lease_lines(
    report: LeaseReport, zone: tzinfo, session: CommandContext, width: int
) -> Iterator[str]:
    """Yield a table with a row for each lease and each of its limits, and a line for each lost
    host."""
    words = session.words
    if report.leases:
        yield from table_lines(
            [words(text) for text in _HEADER],
            [row for lease in report.leases for row in _rows(lease, zone, session)],
            right=frozenset({4}), width=width, ellipsis=session.glyphs.ellipsis,
        )  # fmt: skip
    else:
        yield words("No process holds a lease.")
    for lost in report.lost_hosts:
        yield words(
            "lost: {host}, last seen {at}; open leases: {n}, counted as used: {m}",
            host=lost.host, at=figures.stamp(lost.seen_at, zone), n=lost.open, m=lost.assumed,
        )  # fmt: skip
        if lost.open:
            yield words(
                "  count them as used now: quotakeeper leases --write-off {host}", host=lost.host
            )


def written_off_line(host: str, leases: int, session: CommandContext) -> str:
    """Return the line that says how many leases of a lost host were written off."""
    return session.words(
        "host {host}: leases counted as used: {n}; if the host returns, only its calls count",
        host=host, n=leases,
    )  # fmt: skip


def _rows(lease: HeldLease, zone: tzinfo, session: CommandContext) -> Iterator[list[str]]:
    labels = lease.labels
    what = " ".join(filter(None, (labels.provider, labels.model, labels.operation)))
    until = "-" if lease.until is None else figures.stamp(lease.until, zone)
    meters = {limit.name: limit.meter_info for limit in lease.limits} or {"-": METERS["requests"]}
    for name, meter in meters.items():
        rest = measure(meter, lease.quantities, lease.cost_pico)
        yield [
            lease.host or "-", lease.process, what, name,
            figures.with_unit(rest, meter, session.lang), figures.stamp(lease.since, zone), until,
            session.words(_STATES[lease.state]),
        ]  # fmt: skip
