"""What a dead process's journal of leases says, booked by whoever notices that it is dead."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from quotakeeper.domain.ledger.commands import (
    Assume,
    Command,
    Draw,
    Failed,
    Record,
    Release,
    Settle,
)
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.ports import LedgerWriter, Store
from quotakeeper.domain.usage import CallLabels, Outcome, Provenance
from quotakeeper.engine.background_writes import Apply, plainly
from quotakeeper.engine.journals.booking import assumed, book_calls
from quotakeeper.engine.journals.lease_journal import (
    JournalContents,
    LineKind,
    read_lines,
    segments,
)
from quotakeeper.errors import InvalidInputError, LedgerError
from quotakeeper.identifiers import boot_id, new_owner

_AT_ONCE = 500
_LOST = "its process's journal may have been lost with the power; the rest of its lease is assumed"

log = logging.getLogger("quotakeeper.engine")


@dataclass(slots=True)
class _Call:
    """A call as far as the journal tells. Its beginning may be in the ledger alone."""

    id: str
    owner: str
    labels: Mapping[str, CallLabels]  # of each lease
    admitted: JournalContents | None = None
    ended: JournalContents | None = None

    def commands(self) -> Sequence[Command]:
        """As KeptCall's."""
        begun, ended = self.admitted, self.ended
        drawn: list[Command] = []
        if begun is not None and begun.figures is not None:
            drawn = [Draw(self.id, begun.lease, begun.figures, self.owner, begun.ttl_us, begun.at)]
        if ended is None:
            return drawn  # it was under way: the sweep assumes it
        if ended.what is LineKind.SETTLED and ended.figures is not None:
            return [*drawn, Settle(self.id, ended.figures)]
        if ended.what is LineKind.ASSUMED:
            return [*drawn, Assume(self.id)]
        return [Release(self.id)]  # unless the ledger never knew of it

    @property
    def was_released(self) -> bool:
        """Whether it ended without having used anything."""
        return self.ended is not None and self.ended.what is LineKind.RELEASED

    def instead(self, failed: Failed, *, first: bool) -> Record | None:
        """As KeptCall's: where the ledger knows no such lease, what it used is recorded."""
        begun, ended = self.admitted, self.ended
        labels = None if begun is None else self.labels.get(begun.lease)
        unknown = first and isinstance(failed.error, InvalidInputError) and not self.was_released
        if not unknown or begun is None or begun.figures is None or labels is None:
            return None
        used = None if ended is None else ended.figures
        return Record(self.id, labels, used or assumed(begun.figures), at=begun.at)


class LeaseReplay:
    """Books what the dead have left."""

    def __init__(self, ledger: Path | None, apply: Apply = plainly) -> None:
        self._ledger = ledger
        self._apply = apply

    def replay(self, store: Store, now: int) -> frozenset[str]:
        """Book the journals of processes that have ended; it does no harm to do so twice.

        Gives the owners whose journal cannot be read here: what they hold is left to its term.
        Raises LedgerError when the ledger does not answer; then all of it still waits.
        """
        if self._ledger is None:
            return frozenset()
        found = segments(self._ledger)
        left: set[str] = set()
        for owner in sorted(store.ended(frozenset(found)) - {store.owner}):
            try:
                texts = [path.read_text(encoding="utf-8", errors="replace")
                         for path in found[owner]]  # fmt: skip
            except FileNotFoundError:  # another process was quicker
                continue
            except OSError as error:
                log.warning("quotakeeper: the journal of %s cannot be read: %s", owner, error)
                left.add(owner)
                continue
            self._book(store, now, owner, texts, found[owner])
        return frozenset(left)

    def _book(
        self, store: LedgerWriter, now: int, owner: str, texts: Sequence[str], paths: Sequence[Path]
    ) -> None:
        calls = _calls(owner, texts)
        try:
            for start in range(0, len(calls), _AT_ONCE):
                self._book_some(store, now, calls[start : start + _AT_ONCE])
        except LedgerError:
            raise
        except Exception:
            log.exception("quotakeeper: the leases' journal of %s cannot be booked; kept", owner)
            for path in paths:
                assert self._ledger is not None
                bad = self._ledger.with_name(f"{self._ledger.name}.bad-lease-{new_owner()}")
                with suppress(OSError):
                    os.replace(path, bad)
            return
        for path in paths:
            with suppress(OSError):
                path.unlink()

    def assume_lost(self, store: Store, now: int, dead: frozenset[str]) -> None:
        """Count what is left of the leases of the dead whose journal a power cut may have eaten."""
        lost = [hold for hold in store.holds() if hold.owner in dead and _is_lost(hold)]
        if lost:
            self._apply(store, [Settle(hold.id, _all_of(hold)) for hold in lost], now)

    def _book_some(self, store: LedgerWriter, now: int, calls: Sequence[_Call]) -> None:
        booked = book_calls(lambda commands: self._apply(store, commands, now), calls)
        for call, (_, failed) in zip(calls, booked, strict=True):
            if failed is not None and not call.was_released:
                log.warning("quotakeeper: call %s of %s: %s", call.id, call.owner, failed.error)


def boot_mark(durability: str) -> str:
    """How the id of a lease says when its machine was started: "-" where that does not matter."""
    return boot_id() if durability == "power" else "-"


def _is_lost(hold: Hold) -> bool:
    if not hold.is_lease or not any((*hold.quantities.values(), hold.cost_pico)):
        return False
    boot = hold.id.rpartition(":")[2]
    # "-": its keeper had promised no more than to outlive the process. Nothing: where a machine
    # does not tell when it was started, what could have been lost is taken to be lost.
    return boot != "-" and not boot == boot_id() != ""


def _all_of(hold: Hold) -> Figures:
    return Figures(hold.quantities, hold.cost_pico, hold.price_id, Provenance.ASSUMED,
                   Outcome.UNKNOWN, note=_LOST)  # fmt: skip


def _calls(owner: str, texts: Iterable[str]) -> list[_Call]:
    labels: dict[str, CallLabels] = {}
    calls: dict[str, _Call] = {}
    for text in texts:
        for line in read_lines(text):
            if isinstance(line, str):  # torn as the process, or the machine, was stopped
                log.debug("quotakeeper: a torn line in a lease's journal: %.200s", line)
            elif line.what is LineKind.LEASE:
                if line.labels is not None:
                    labels[line.id] = line.labels
            elif line.what is LineKind.ADMITTED:
                calls.setdefault(line.id, _Call(line.id, owner, labels)).admitted = line
            else:
                calls.setdefault(line.id, _Call(line.id, owner, labels)).ended = line
    return list(calls.values())
