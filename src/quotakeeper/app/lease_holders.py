"""Which host and process holds which lease, and the leases of hosts that are lost.

A host is lost if the ledger has not heard from its process for 30 seconds, and the process left
leases. Their unused rest is counted as used when they expire, or when a user writes them off.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from quotakeeper.app.records.instants import rfc3339
from quotakeeper.app.setup_checks import Finding
from quotakeeper.domain.ledger.commands import Sweep
from quotakeeper.domain.ledger.reservations import Hold, ProcessRow, process_of
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.money import usd_text
from quotakeeper.domain.ports import Store
from quotakeeper.domain.units import Quantities
from quotakeeper.domain.usage import CallLabels, UsageEvent
from quotakeeper.engine.journals.lease_journal import segments
from quotakeeper.errors import InvalidInputError
from quotakeeper.identifiers import host_name
from quotakeeper.keeper import Keeper, engine_of
from quotakeeper.schemas import Schema
from quotakeeper.value_classes import dataclass

OPEN, LOST, ASSUMED = "open", "lost", "assumed"


@dataclass(frozen=True, slots=True)
class HeldLease:
    """A lease, and the host and process that hold it.

    - `state`: OPEN; LOST if its host is lost; ASSUMED if its rest was counted as used.
    - `since`, `until`: when it was granted, and when it expires if it is not renewed (microseconds
      since 1970 UTC). `until` is None for an assumed lease.
    - `quantities`, `cost_pico`: what is not used or not booked yet.
    - `limits`: the configured limits in which it counts.
    """

    id: str
    host: str
    process: str
    state: str
    labels: CallLabels
    since: int
    until: int | None
    quantities: Quantities
    cost_pico: int | None
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class LostHost:
    """A host that is lost, and how many of its leases are open and were assumed.

    `seen_at` is when it was last seen (microseconds since 1970 UTC).
    """

    host: str
    seen_at: int
    open: int
    assumed: int


@dataclass(frozen=True, slots=True)
class LeaseReport:
    """All leases, oldest first, and the lost hosts that have leases."""

    leases: tuple[HeldLease, ...]
    lost_hosts: tuple[LostHost, ...]


def lease_report(keeper: Keeper) -> LeaseReport:
    """Return the leases of all processes, and the lost hosts. Raises LedgerError."""
    report: LeaseReport = engine_of(keeper).worker.ask(
        lambda store, now: _report(store, now, keeper.limits)
    )
    return report


def _report(store: Store, now: int, limits: Iterable[Limit]) -> LeaseReport:
    rows = {row.name: row for row in store.process_rows(now)}
    holds = [hold for hold in store.holds() if hold.is_lease]
    ended = store.dead_owners() if holds else frozenset()
    lost = {row.name for row in rows.values() if not row.is_alive} | ended
    assumed = [
        (owner, event)
        for owner, event in store.assumed_leases(frozenset(lost))
        if any((*event.quantities.values(), event.cost_pico))
    ]
    leases = [_open(hold, rows, lost, limits) for hold in holds]
    leases += [_assumed(owner, event, rows, limits) for owner, event in assumed]
    return LeaseReport(tuple(leases), tuple(_lost_hosts(leases, rows)))


def _open(
    hold: Hold, rows: dict[str, ProcessRow], lost: set[str], limits: Iterable[Limit]
) -> HeldLease:
    state = LOST if hold.owner in lost else OPEN
    return HeldLease(
        hold.id, _host(hold.owner, rows), hold.owner, state, hold.labels, hold.at, hold.expires_at,
        hold.quantities, hold.cost_pico, _matching(limits, hold.labels),
    )  # fmt: skip


def _assumed(
    owner: str, event: UsageEvent, rows: dict[str, ProcessRow], limits: Iterable[Limit]
) -> HeldLease:
    return HeldLease(
        event.id, _host(owner, rows), owner, ASSUMED, event.labels, event.at, None,
        event.quantities, event.cost_pico, _matching(limits, event.labels),
    )  # fmt: skip


def _host(owner: str, rows: dict[str, ProcessRow]) -> str:
    # Without rows, only this host uses the ledger.
    return rows[owner].host if owner in rows else "" if rows else host_name()


def _matching(limits: Iterable[Limit], labels: CallLabels) -> tuple[Limit, ...]:
    return tuple(limit for limit in limits if limit.matches(labels))


def _lost_hosts(leases: Iterable[HeldLease], rows: dict[str, ProcessRow]) -> Iterable[LostHost]:
    found: dict[str, list[HeldLease]] = {}
    for lease in leases:
        if lease.state != OPEN and lease.process in rows:
            found.setdefault(lease.host, []).append(lease)
    for host, left in sorted(found.items()):
        assumed = sum(lease.state == ASSUMED for lease in left)
        seen_at = max(rows[lease.process].seen_at for lease in left)
        yield LostHost(host, seen_at, len(left) - assumed, assumed)


def lost_host_findings(report: LeaseReport, files: Path | None) -> Iterator[Finding]:
    """Yield a finding for each lost host, and one if this machine lost its files of leases.

    `files` is the path with which the names of this machine's files for the ledger begin. Its
    processes book what the files of ended processes contain. So a lost lease without a file stays.
    """
    journals = {process_of(owner) for owner in segments(files)} if files is not None else set()
    here = host_name()
    gone = sum(
        lease.host == here and lease.state != OPEN and process_of(lease.process) not in journals
        for lease in report.leases
    )
    if gone:
        values = {"count": gone, "folder": "" if files is None else str(files.parent)}
        text = (
            "this machine has no files of its lost processes: what they called on their leases is "
            "not known, so the leases count as used: {count}"
        )
        fix = (
            "restore the folder {folder} from a backup; without one, compare with the provider: "
            "quotakeeper reconcile"
        )
        yield Finding("hosts", "warn", text, fix, values)
    others = [each for each in report.lost_hosts if each.host != here or not gone]
    yield from map(_lost_finding, others)
    if not gone and not others:
        yield Finding("hosts", "ok", "no lost host has leases", values={})


def _lost_finding(lost: LostHost) -> Finding:
    values = {"host": lost.host, "at": rfc3339(lost.seen_at), "n": lost.open, "m": lost.assumed}
    if lost.open:
        text = "lost: {host}, last seen {at}; open leases: {n}, counted as used: {m}"
        fix = (
            "start a program on that host, which books its calls; if its disk is lost: quotakeeper "
            "leases --write-off {host}"
        )
        return Finding("hosts", "warn", text, fix, values)
    text = (
        "lost: {host}, last seen {at}; leases counted as used: {m}; a program that starts there "
        "corrects them, unless the disk is lost"
    )
    return Finding("hosts", "note", text, values=values)


def write_off(keeper: Keeper, host: str) -> int:
    """Count the open leases of a lost host as used. Returns how many leases these were.

    If the host returns, its leases are corrected to what it has used. Raises InvalidInputError if
    no lost process of the host has leases, and LedgerError.
    """
    report = lease_report(keeper)
    lost = [lease for lease in report.leases if lease.host == host and lease.state == LOST]
    if not lost:
        known = ", ".join(each.host for each in report.lost_hosts if each.open)
        raise InvalidInputError(
            "--write-off", f"no lost host {host[:60]!r} has open leases",
            f"these have: {known}" if known else "see: quotakeeper leases",
        )  # fmt: skip
    owners = frozenset(lease.process for lease in lost)
    ids = frozenset(lease.id for lease in lost)

    def sweep(store: Store, now: int) -> int:
        before = {hold.id for hold in store.holds()} & ids
        store.apply([Sweep(owners, unread=ids)], now)
        return len(before - {hold.id for hold in store.holds()})

    done: int = engine_of(keeper).worker.ask(sweep)
    return done


def leases_record(report: LeaseReport, written_off: int = 0) -> dict[str, object]:
    """Return the leases and the lost hosts as a JSON record."""
    return {
        "schema": Schema.LEASES,
        "written_off": written_off,
        "leases": [_lease_record(lease) for lease in report.leases],
        "lost_hosts": [
            {"host": each.host, "seen_at": rfc3339(each.seen_at), "open": each.open,
             "assumed": each.assumed}
            for each in report.lost_hosts
        ],
    }  # fmt: skip


def _lease_record(lease: HeldLease) -> dict[str, Any]:
    labels = lease.labels
    return {
        "id": lease.id,
        "host": lease.host,
        "process": lease.process,
        "state": lease.state,
        "provider": labels.provider,
        "model": labels.model,
        "operation": labels.operation,
        "scope": dict(labels.scope),
        "limits": [limit.name for limit in lease.limits],
        "since": rfc3339(lease.since),
        "until": None if lease.until is None else rfc3339(lease.until),
        "quantities": dict(lease.quantities),
        "cost_usd": None if lease.cost_pico is None else usd_text(lease.cost_pico),
    }
