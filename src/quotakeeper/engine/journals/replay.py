"""Books the lease journals of other processes that have ended or do not respond.

If a process has ended, its journal is booked, its leases are released, and its files are removed. A
process that does not respond is fenced first (see `fence`), and its files stay.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from quotakeeper.domain.ledger.commands import (
    Release,
    Settle,
)
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.ledger.reservations import Hold, process_of
from quotakeeper.domain.ports import LedgerWriter, Store
from quotakeeper.domain.usage import Outcome, Provenance
from quotakeeper.engine.background_writes import Apply, plainly
from quotakeeper.engine.journals.booking import book_calls
from quotakeeper.engine.journals.lease_journal import (
    fence_path,
    segments,
)
from quotakeeper.engine.journals.process_journal import JournaledCall, ProcessJournal
from quotakeeper.errors import LedgerError
from quotakeeper.identifiers import boot_id, new_owner
from quotakeeper.value_classes import replace

_AT_ONCE = 500
_LOST = "a power cut may have lost the journal of its process; the rest of its lease is assumed"

log = logging.getLogger("quotakeeper.engine")


class Replayed(NamedTuple):
    """Processes that have ended, by owner name.

    - `booked`: processes whose journal was booked.
    - `unread`: processes whose journal this process cannot read. Their reservations stay until they
      expire.
    """

    booked: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()


class LeaseReplay:
    """Books the journals of processes that have ended, or that do not respond."""

    def __init__(
        self, ledger: Path | None, apply: Apply = plainly, *, has_hosts: bool = False
    ) -> None:
        """`has_hosts`: other hosts use the ledger too, and their journals are not here."""
        self._ledger = ledger
        self._apply = apply
        self._has_hosts = has_hosts

    def away(self, leases: Sequence[Hold]) -> frozenset[str]:
        """Return the ids of those leases whose holder has no journal on this host.

        Returns an empty set if only one host uses the ledger.
        """
        if not self._has_hosts:
            return frozenset()
        here = segments(self._ledger) if self._ledger is not None else {}
        return frozenset(hold.id for hold in leases if process_of(hold.owner) not in here)

    def replay(self, store: Store, now: int) -> Replayed:
        """Book the journals of processes that have ended. A second call changes nothing.

        Raises LedgerError. The journals that were not booked then remain.
        """
        if self._ledger is None:
            return Replayed()
        found = segments(self._ledger)
        booked, left = set[str](), set[str]()
        for owner in sorted(store.ended(frozenset(found)) - {store.owner}):
            try:
                journal = ProcessJournal.read(self._ledger, owner, found[owner])
            except FileNotFoundError:  # another process was faster
                continue
            except OSError as error:
                log.warning("quotakeeper: the lease journal of %s cannot be read: %s", owner, error)
                left.add(owner)
                continue
            self._bury(store, now, journal)
            booked.add(owner)
        return Replayed(frozenset(booked), frozenset(left))

    def _bury(self, store: Store, now: int, journal: ProcessJournal) -> None:
        assert self._ledger is not None
        try:
            self._book(store, now, journal.calls)
        except LedgerError:
            raise
        except Exception:
            text = "quotakeeper: lease journal of %s: not written to the ledger, kept as %s.bad-lease-*"
            log.exception(text, journal.owner, self._ledger.name)
            for path in journal.paths:
                bad = self._ledger.with_name(f"{self._ledger.name}.bad-lease-{new_owner()}")
                with suppress(OSError):
                    os.replace(path, bad)
        else:
            self._give_back(store, now, journal)
        for path in (*journal.paths, fence_path(self._ledger, journal.owner)):
            with suppress(OSError):
                path.unlink()

    def _give_back(self, store: Store, now: int, journal: ProcessJournal) -> None:
        """End the leases of an ended process whose journal was booked.

        If a power cut may have lost the journal, the leases are settled in full, as assumed usage.
        Leases that were assumed before are corrected.
        """
        held = [
            hold
            for hold in store.holds()
            if hold.is_lease and process_of(hold.owner) == journal.owner
        ]
        lost = [Settle(hold.id, _all_of(hold)) for hold in held if _is_lost(hold)]
        ids = dict.fromkeys((*journal.leases, *(hold.id for hold in held)))
        back = [Release(id_) for id_ in ids if not _may_be_lost(id_)]
        if lost or back:
            self._apply(store, [*lost, *back], now)

    def read(self, store: Store, now: int, leases: Sequence[Hold]) -> frozenset[str]:
        """Fence the processes with these leases, and book the calls that were admitted on the
        leases.

        Returns the ids of the leases whose calls are all booked. Raises LedgerError.
        """
        read: set[str] = set()
        for owner in sorted({process_of(hold.owner) for hold in leases}):
            ids = frozenset(hold.id for hold in leases if process_of(hold.owner) == owner)
            try:
                read |= self._read_behind_fence(store, now, owner, ids)
            except LedgerError:
                raise
            except Exception as error:  # noqa: BLE001 - after any error, the journal counts as unread
                log.warning(
                    "quotakeeper: process %s did not answer before its leases expired, and its "
                    "lease journal cannot be locked and read (%s); the unused rest of %d leases "
                    "counts as used until the process continues or the journal can be read",
                    owner, error, len(ids),
                )  # fmt: skip
        return frozenset(read)

    def _read_behind_fence(
        self, store: LedgerWriter, now: int, owner: str, ids: frozenset[str]
    ) -> frozenset[str]:
        if self._ledger is None:
            return frozenset()
        # Imported only with leases, because it loads `mmap`.
        from quotakeeper.engine.journals.fence import fence  # noqa: PLC0415

        fence(self._ledger, owner)
        # Read after fencing: these lines are admitted calls; the process refuses later ones.
        journal = ProcessJournal.read_what_is_left(self._ledger, owner)
        calls = [
            replace(call, fenced=ids)
            for call in journal.calls
            if call.admitted is not None and call.admitted.lease in ids
        ]
        unbooked = self._book(store, now, calls)
        return ids - {call.admitted.lease for call in unbooked if call.admitted is not None}

    def _book(
        self, store: LedgerWriter, now: int, calls: Sequence[JournaledCall]
    ) -> list[JournaledCall]:
        """Book calls. Returns the calls that could not be booked."""
        unbooked = []
        for start in range(0, len(calls), _AT_ONCE):
            some = calls[start : start + _AT_ONCE]
            booked = book_calls(lambda commands: self._apply(store, commands, now), some)
            for call, (_, failed) in zip(some, booked, strict=True):
                if failed is not None and not call.is_void(failed):
                    text = "quotakeeper: call %s of %s was not written to the ledger: %s"
                    log.warning(text, call.id, call.owner, failed.error)
                    unbooked.append(call)
        return unbooked


def boot_mark(durability: str) -> str:
    """The part of a lease id that identifies the machine's boot; "-" for durability "process"."""
    return boot_id() if durability == "power" else "-"


def _is_lost(hold: Hold) -> bool:
    return _may_be_lost(hold.id) and any((*hold.quantities.values(), hold.cost_pico))


def _may_be_lost(lease: str) -> bool:
    boot = lease.rpartition(":")[2]
    # "-": durability is "process", which does not cover power cuts. "": the machine does not
    # identify its boots, so calls that may have been lost count as lost.
    return boot != "-" and not boot == boot_id() != ""


def _all_of(hold: Hold) -> Figures:
    return Figures(hold.quantities, hold.cost_pico, hold.price_id, Provenance.ASSUMED,
                   Outcome.UNKNOWN, note=_LOST)  # fmt: skip
